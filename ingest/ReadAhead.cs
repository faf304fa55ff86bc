using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace DomainTuning.Ingest;

/// <summary>Lets the producer of a sequence work on the next items while the consumer is busy with this one.</summary>
internal static class ReadAhead
{
    /// <summary>The same items in the same order, up to <paramref name="items"/> of them waiting. Leaving the loop early stops the producer before returning.</summary>
    public static async IAsyncEnumerable<T> WithReadAhead<T>(
        this Func<CancellationToken, IAsyncEnumerable<T>> source, int items, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var waiting = Channel.CreateBounded<T>(new BoundedChannelOptions(items) { SingleReader = true, SingleWriter = true });
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var producing = Task.Run(() => ProduceAsync(source(leaving.Token), waiting.Writer, leaving.Token), CancellationToken.None);
        try
        {
            await foreach (var item in waiting.Reader.ReadAllAsync(cancellationToken)) yield return item;
        }
        finally
        {
            await leaving.CancelAsync();
            await producing;
        }
    }

    /// <summary>Never throws: what goes wrong reaches the consumer through the channel.</summary>
    private static async Task ProduceAsync<T>(IAsyncEnumerable<T> source, ChannelWriter<T> waiting, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var item in source.WithCancellation(cancellationToken)) await waiting.WriteAsync(item, cancellationToken);
            waiting.Complete();
        }
#pragma warning disable CA1031 // Handed over, not swallowed.
        catch (Exception e)
#pragma warning restore CA1031
        {
            waiting.Complete(e);
        }
    }
}
