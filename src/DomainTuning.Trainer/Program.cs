using DomainTuning.Trainer.Benchmarks;
using DomainTuning.Trainer.Natives;

if (args is ["bench-training", .. var rest]) return TrainingBenchmark.Run(rest);

var (usable, text) = TorchNatives.Check();
Console.WriteLine(text);
return usable ? 0 : 1;
