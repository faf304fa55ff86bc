using System.Diagnostics;
using System.Threading.Channels;
using DomainTuning.Onnx.Adapters;

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
/// The caller reads <see cref="Answer"/>; the rest belongs to the engine's thread.
/// </summary>
internal sealed class Generation(
    IReadOnlyList<int> prompt,
    int maxTokens,
    IReadOnlySet<int> stopTokens,
    SamplingOptions sampling,
    CancellationToken cancellationToken,
    LoadedAdapter? adapter = null)
    : Sequence(prompt, adapter, cancellationToken)
{
    private readonly Channel<int> answer = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly TokenSampler sampler = new(sampling, prompt);
    private readonly long submitted = Stopwatch.GetTimestamp();
    private long firstToken;
    private long lastToken;

    /// <summary>The answer, token by token, without the token that ended it.</summary>
    public ChannelReader<int> Answer => answer.Reader;

    /// <summary>Set when <see cref="Answer"/> has ended.</summary>
    public GenerationEnd? End { get; private set; }

    public override bool HasEnded => End is not null;

    public override int FirstWanted => PromptLength - 1;

    /// <summary>From submission to the first token, waiting included.</summary>
    public TimeSpan TimeToFirstToken => firstToken == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(submitted, firstToken);

    /// <summary>Tokens after the first, over the time they took; 0 for fewer than two.</summary>
    public double TokensPerSecond => Produced < 2 ? 0 : (Produced - 1) / Stopwatch.GetElapsedTime(firstToken, lastToken).TotalSeconds;

    /// <summary>The last token drawn, not yet in the slot.</summary>
    public int Pending { get; private set; }

    /// <summary>Tokens of the answer so far.</summary>
    public int Produced { get; private set; }

    /// <summary>Tokens that may follow.</summary>
    public int Remaining => maxTokens - Produced;

    /// <summary>What is proposed for this answer, and how that went.</summary>
    public Drafter Drafter { get; } = new();

    /// <summary>Draws the next token and hands it to the caller; ends the answer when it was the last.</summary>
    public override void Take(int position, ReadOnlySpan<float> logits, int capacity)
    {
        Pending = sampler.Draw(logits);
        lastToken = Stopwatch.GetTimestamp();
        if (firstToken == 0) firstToken = lastToken;
        if (stopTokens.Contains(Pending))
        {
            Finish(GenerationEnd.StopToken, null);
            return;
        }

        Produced++;
        Append(Pending);
        answer.Writer.TryWrite(Pending);
        if (Produced == maxTokens || position + 1 == capacity) Finish(GenerationEnd.Length, null);
    }

    public override void Fail(Exception error) => Finish(GenerationEnd.Broken, error);

    private void Finish(GenerationEnd end, Exception? error)
    {
        End ??= end;
        answer.Writer.TryComplete(error);
    }
}
