using System.Diagnostics;
using System.Threading.Channels;

namespace DomainTuning.Onnx.Decoding;

/// <summary>Why an answer ended.</summary>
internal enum GenerationEnd
{
    /// <summary>The model wrote a token that ends its turn.</summary>
    StopToken,

    /// <summary>The longest answer or the end of the context was reached.</summary>
    Length,

    /// <summary>Cancelled, failed, or the engine was disposed.</summary>
    Broken,
}

/// <summary>
/// One answer being written: what the caller asked for, where the engine stands, and the tokens on their way from one to the other.
/// The caller reads <see cref="Tokens"/>; the rest belongs to the engine's thread.
/// </summary>
internal sealed class Generation(IReadOnlyList<int> prompt, int maxTokens, IReadOnlySet<int> stopTokens, SamplingOptions sampling, CancellationToken cancellationToken)
{
    private readonly Channel<int> tokens = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly TokenSampler sampler = new(sampling, prompt);
    private readonly long submitted = Stopwatch.GetTimestamp();
    private long firstToken;
    private long lastToken;

    public IReadOnlyList<int> Prompt => prompt;

    public CancellationToken CancellationToken => cancellationToken;

    /// <summary>The answer, token by token, without the token that ended it.</summary>
    public ChannelReader<int> Tokens => tokens.Reader;

    /// <summary>Set when <see cref="Tokens"/> has ended.</summary>
    public GenerationEnd? End { get; private set; }

    /// <summary>From submission to the first token, waiting included.</summary>
    public TimeSpan TimeToFirstToken => firstToken == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(submitted, firstToken);

    /// <summary>Tokens after the first, over the time they took; 0 for fewer than two.</summary>
    public double TokensPerSecond => Produced < 2 ? 0 : (Produced - 1) / Stopwatch.GetElapsedTime(firstToken, lastToken).TotalSeconds;

    /// <summary>The engine's place for this answer's cache; -1 while it waits.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Tokens that the cache holds.</summary>
    public int Cached { get; set; }

    /// <summary>The last token drawn, not yet in the cache.</summary>
    public int Pending { get; private set; }

    /// <summary>Tokens of the answer so far.</summary>
    public int Produced { get; private set; }

    public bool IsPrefilling => Cached < prompt.Count;

    /// <summary>Draws the next token and hands it to the caller; ends the answer when it was the last.</summary>
    /// <param name="capacity">Tokens that the cache can hold.</param>
    public void Accept(ReadOnlySpan<float> logits, int capacity)
    {
        Pending = sampler.Draw(logits);
        lastToken = Stopwatch.GetTimestamp();
        if (firstToken == 0) firstToken = lastToken;
        if (stopTokens.Contains(Pending))
        {
            Finish(GenerationEnd.StopToken);
            return;
        }

        Produced++;
        tokens.Writer.TryWrite(Pending);
        if (Produced == maxTokens || Cached == capacity) Finish(GenerationEnd.Length);
    }

    public void Finish(GenerationEnd end, Exception? error = null)
    {
        End ??= end;
        tokens.Writer.TryComplete(error);
    }
}
