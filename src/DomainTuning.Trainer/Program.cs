using DomainTuning.Trainer.Benchmarks;
using DomainTuning.Trainer.Natives;
using DomainTuning.Trainer.Runs;
using DomainTuning.Trainer.Training;
using DomainTuning.Training;

// DomainTuning.Trainer <run folder> [--resume] [--attached]   trains; a line of JSON on standard output for each thing that happens
// DomainTuning.Trainer --check                                says whether training can run on this machine
// DomainTuning.Trainer bench-training <model> …               measures this loop against the machine's own products and a naive loop
// `domaintuning train` makes the folder and starts this process; see docs/architecture.md. --attached: stop, saved, when standard input ends.
Console.OutputEncoding = System.Text.Encoding.UTF8;
if (args is ["--check"])
{
    var (usable, text) = TorchNatives.Check();
    Console.WriteLine(text);
    return usable ? 0 : 1;
}

if (args is ["bench-training", .. var rest]) return TrainingBenchmark.Run(rest);

if (args is not [{ Length: > 0 } path, .. var flags] || path[0] == '-' || flags.Except(["--resume", "--attached"]).Any() || !new TrainingFolder(path).Exists)
{
    Console.Error.WriteLine("Expected is: DomainTuning.Trainer <run folder with job.json> [--resume] [--attached], or --check. `domaintuning train <corpus>` does it all.");
    return 2;
}

var folder = new TrainingFolder(Path.GetFullPath(path));
using var stop = new StopSignals(attached: flags.Contains("--attached"));
IDisposable claim;
try
{
    claim = folder.Claim();
}
catch (TrainingException error)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

using var held = claim;
using var log = new ProgressLog(folder, Console.Out);
try
{
    if (TorchNatives.Trouble is { } trouble) throw new TrainingException(trouble);
    new TrainerRun(folder, TorchLearner.Load, TorchLearner.Precision, log, TimeProvider.System).Run(flags.Contains("--resume"), stop.Token);
    return 0;
}
#pragma warning disable CA1031 // whatever it is, the record says that the training ended
catch (Exception error)
#pragma warning restore CA1031
{
    var failure = FailureSentence.Of(error, folder);
    log.Fail(failure.Text, TimeProvider.System);
    Console.Error.WriteLine(failure.IsExpected ? failure.Text : error.ToString());
    return failure.ExitCode;
}
