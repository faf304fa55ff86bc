using System.Text.Json;
using DomainTuning.Ingest.Reading.Pdf;

namespace DomainTuning.Ingest.Reading.Worker;

/// <summary>The child's side: reads one file after another for its parent, until the parent closes the line or dies.</summary>
public static class ReadWorker
{
    /// <summary>The first argument that makes the ingest program a worker.</summary>
    public const string Argument = "--read-worker";

    // Object trees in hostile files nest deeply; endless recursion still ends the process, and the parent starts another.
    private const int StackBytes = 64 << 20;

    /// <summary>Serves until <paramref name="input"/> ends. A file in work is abandoned then: the process is about to end.</summary>
    public static async Task RunAsync(Stream input, Stream output, CancellationToken cancellationToken)
    {
        Console.SetOut(Console.Error); // a stray print must not land between the messages
        var reader = new PdfReader();
        var next = ReadRequestAsync(input, cancellationToken);
        while (await next.ConfigureAwait(false) is { } file)
        {
            next = ReadRequestAsync(input, cancellationToken);
            var work = OnLargeStack(() => reader.Read(file, cancellationToken));
            if (await Task.WhenAny(work, next).ConfigureAwait(false) == next && await next.ConfigureAwait(false) is null) return;
            var message = JsonSerializer.SerializeToUtf8Bytes(await work.ConfigureAwait(false), WorkerJson.Default.ReadResult);
            await MessageFrame.WriteAsync(output, message, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<SourceFile?> ReadRequestAsync(Stream input, CancellationToken cancellationToken)
    {
        var message = await MessageFrame.ReadAsync(input, MessageFrame.MaxRequestBytes, cancellationToken).ConfigureAwait(false);
        return message is null ? null : JsonSerializer.Deserialize(message, WorkerJson.Default.SourceFile);
    }

    private static Task<ReadResult> OnLargeStack(Func<ReadResult> work)
    {
        var done = new TaskCompletionSource<ReadResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(
            () =>
            {
                try
                {
                    done.SetResult(work());
                }
                catch (Exception e)
                {
                    done.SetException(e);
                }
            },
            StackBytes)
        { IsBackground = true, Name = "PDF reader" }.Start();
        return done.Task;
    }
}
