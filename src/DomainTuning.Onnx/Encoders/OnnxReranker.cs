using DomainTuning.Checkpoints.Library;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Embeddings;

namespace DomainTuning.Onnx.Encoders;

/// <summary>
/// Scores passages against a query with a cross-encoder's ONNX file (BERT: ms-marco-MiniLM; XLM-RoBERTa: bge-reranker). A score is the sigmoid
/// of the model's single logit, between 0 and 1. Each passage's score is the same whatever else is scored with it. Thread-safe.
/// </summary>
public sealed class OnnxReranker : Reranker
{
    private readonly EncoderTokenizer tokenizer;
    private readonly EncoderSession session;
    private readonly int maxTokens;

    private OnnxReranker(ModelCard card, EncoderOptions options)
    {
        Id = card.Id;
        maxTokens = options.MaxTokens ?? card.MaxTokens ?? throw new ModelException(
            $"Model '{card.Id}' in '{card.Folder}' does not say how long an input may be. Add \"max_tokens\" to its card.json (often 512).");
        tokenizer = EncoderTokenizer.Load(card.Folder);
        var file = EncoderFolder.Onnx(card, options);
        session = new EncoderSession(file.FullPath, [card.Output ?? "logits"], tokenizer.PadId, options);
        if (session.OutputRank == 2 && session.OutputWidth is 1 or -1) return;
        session.Dispose();
        throw new ModelException(
            $"'{file.FullPath}' gives {session.OutputWidth} values a pair (rank {session.OutputRank}); a reranker gives one. Choose a cross-encoder with one label, such as BAAI/bge-reranker-base.");
    }

    public override string Id { get; }

    /// <summary>Loads a model folder: card.json, or config.json as a Hugging Face repository ships it, beside tokenizer.json and an ONNX file.</summary>
    /// <exception cref="ModelException">The ONNX file is missing, broken or not a reranker; the message says what to do.</exception>
    /// <exception cref="Checkpoints.CheckpointException">The tokenizer or a description is missing, broken or not known.</exception>
    public static OnnxReranker Load(string modelFolder, EncoderOptions? options = null) => Load(EncoderFolder.Card(modelFolder, options), options);

    /// <summary>Loads a model of the library.</summary>
    public static OnnxReranker Load(ModelCard card, EncoderOptions? options = null)
    {
        options ??= new EncoderOptions();
        options.Validate();
        return new OnnxReranker(card, options);
    }

    public override Task<IReadOnlyList<float>> ScoreAsync(string query, IReadOnlyList<string> passages, CancellationToken cancellationToken = default) =>
        Task.Run<IReadOnlyList<float>>(
            () => [.. Logits([.. passages.Select(passage => Pair(query, passage))], cancellationToken).Select(logit => 1 / (1 + MathF.Exp(-logit)))],
            cancellationToken);

    /// <summary>The passage is cut. Only a query that leaves no room for a single token of it is cut as well.</summary>
    internal TokenSequence Pair(string query, string passage)
    {
        var (first, second) = (tokenizer.Encode(query), tokenizer.Encode(passage));
        var room = maxTokens - tokenizer.Template.PairSpecials;
        return tokenizer.Template.Pair(first, second, maxTokens, first.Count < room ? PairTruncation.OnlySecond : PairTruncation.LongestFirst);
    }

    internal float[] Logits(IReadOnlyList<TokenSequence> pairs, CancellationToken cancellationToken)
    {
        var logits = new float[pairs.Count];
        session.Run(
            pairs,
            (group, batch, values) =>
            {
                if (values.Length != batch.Rows)
                    throw new ModelException($"Model '{Id}' gave {values.Length} values for {batch.Rows} pairs; a reranker gives one a pair. Choose a cross-encoder with one label.");
                for (var row = 0; row < group.Length; row++) logits[group[row]] = values[row];
            },
            cancellationToken);
        return logits;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) session.Dispose();
        base.Dispose(disposing);
    }
}
