using System.Collections.Concurrent;
using System.Numerics.Tensors;
using DomainTuning.Checkpoints.Tokenizers;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Decoding;

/// <summary>
/// The log-probabilities of one answer's tokens on their way from the sampler to the caller. They are the model's own: of its distribution
/// before penalties, constraint and temperature, so they can be compared between requests whatever their options are (as in vLLM and llama.cpp).
/// The sampler writes, one reader reads; both at once.
/// </summary>
/// <param name="top">How many of the likeliest tokens are noted beside each drawn one.</param>
internal sealed class DrawnTokens(int top)
{
    private readonly ConcurrentQueue<(int Id, float Log, (int Id, float Log)[] Top)> drawn = new();
    private readonly List<TokenLogProbability> read = [];
    private float[] scratch = [];

    /// <summary>Notes a token that was drawn from a row of logits.</summary>
    public void Add(ReadOnlySpan<float> logits, int token)
    {
        if (scratch.Length != logits.Length) scratch = new float[logits.Length];
        var largest = TensorPrimitives.Max(logits);
        TensorPrimitives.Subtract(logits, largest, scratch);
        TensorPrimitives.Exp<float>(scratch, scratch);
        var total = largest + MathF.Log(TensorPrimitives.Sum<float>(scratch));
        var likeliest = new (int Id, float Log)[top];
        for (var i = 0; i < top; i++)
        {
            var best = TensorPrimitives.IndexOfMax<float>(scratch);
            likeliest[i] = (best, logits[best] - total);
            scratch[best] = -1;
        }

        drawn.Enqueue((token, logits[token] - total, likeliest));
    }

    /// <summary>Takes what was noted for the next token of the answer.</summary>
    public void Read(ChatTokenizer tokenizer)
    {
        var token = Take();
        read.Add(new TokenLogProbability(token.Id, tokenizer.BytesOf(token.Id), token.Log, [.. token.Top.Select(other => new TokenLogProbability(other.Id, tokenizer.BytesOf(other.Id), other.Log, []))]));
    }

    /// <summary>The next token that was noted.</summary>
    public (int Id, float Log, (int Id, float Log)[] Top) Take() =>
        drawn.TryDequeue(out var token) ? token : throw new InvalidOperationException("A token came whose probability was not noted.");

    /// <summary>Gives an update the tokens read since the last one: those of its text and of text that is still held back.</summary>
    public void MoveTo(ChatResponseUpdate update)
    {
        if (read.Count == 0) return;
        (update.AdditionalProperties ??= [])[TokenLogProbability.Property] = (IReadOnlyList<TokenLogProbability>)[.. read];
        read.Clear();
    }
}
