using System.Runtime.InteropServices;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Onnx.Decoding;

/// <summary>
/// Tokens that the engine runs through one slot: a prompt with its answer (<see cref="Generation"/>), or a text to be scored (<see cref="Scoring"/>).
/// What is not about the caller's result belongs to the engine's thread.
/// </summary>
internal abstract class Sequence(IReadOnlyList<int> prompt, LoadedAdapter? adapter, CancellationToken cancellationToken)
{
    private readonly List<int> tokens = [.. prompt];

    /// <summary>Tokens to be read before anything else.</summary>
    public int PromptLength { get; } = prompt.Count;

    /// <summary>Prompt and answer so far.</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(tokens);

    /// <summary>What changes the weights for this sequence; null for the model as it is.</summary>
    public LoadedAdapter? Adapter => adapter;

    public CancellationToken CancellationToken => cancellationToken;

    /// <summary>The engine's place for this sequence's cache; -1 while it waits.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Tokens that the slot holds.</summary>
    public int Cached { get; set; }

    /// <summary>Those of them that were copied from the prefix cache.</summary>
    public int Reused { get; set; }

    public bool IsReading => Cached < PromptLength;

    public abstract bool HasEnded { get; }

    /// <summary>The prompt's first position whose logits are wanted, as are all behind it. What lies before may come from the prefix cache.</summary>
    public abstract int FirstWanted { get; }

    /// <summary>Takes the logits that follow a position, in order.</summary>
    /// <param name="capacity">Tokens that the slot can hold.</param>
    public abstract void Take(int position, ReadOnlySpan<float> logits, int capacity);

    /// <summary>Breaks the sequence off.</summary>
    public abstract void Fail(Exception error);

    protected void Append(int token) => tokens.Add(token);
}
