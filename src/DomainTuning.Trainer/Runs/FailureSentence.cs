using System.Runtime.InteropServices;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints;
using DomainTuning.Training;

namespace DomainTuning.Trainer.Runs;

/// <summary>What a user is told of a training that ended by an exception, and the process' exit code: 1 failed, 2 misused.</summary>
internal sealed record FailureSentence(string Text, int ExitCode, bool IsExpected = true)
{
    public static FailureSentence Of(Exception error, TrainingFolder run) => error switch
    {
        OperationCanceledException => new($"Stopped; everything is saved. `domaintuning train --resume {run.Name}` goes on.", 1),
        TrainingException or CheckpointException or AdapterException => new(error.Message, 1),
        ArgumentException => new(error.Message, 2),
        IOException io when IsDiskFull(io) => new($"The disk of '{run.Path}' is full. Free some space, then `domaintuning train --resume {run.Name}` goes on from what was saved before.", 1),
        IOException or UnauthorizedAccessException => new(error.Message, 1),
        OutOfMemoryException => new(Memory(run), 1),
        ExternalException when error.Message.Contains("alloc", StringComparison.OrdinalIgnoreCase) => new(Memory(run), 1), // libtorch: "DefaultCPUAllocator: can't allocate memory"
        _ => new($"The training ended by a fault of the program: {error.Message.ReplaceLineEndings(" ")}", 1, IsExpected: false),
    };

    private static string Memory(TrainingFolder run) =>
        $"The memory is not enough for this training. Set schedule.gradient_checkpointing to true, or lower schedule.max_tokens, in '{run.Recipe}' or in your recipe, and train again; fewer method.layers help too.";

    // ENOSPC and EDQUOT on Linux and macOS, ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on Windows.
    private static bool IsDiskFull(IOException error) =>
        OperatingSystem.IsWindows() ? error.HResult is unchecked((int)0x80070070) or unchecked((int)0x80070027) : error.HResult is 28 or 122 or 69;
}
