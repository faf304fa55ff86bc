using DomainTuning.Trainer.Natives;

var (usable, text) = TorchNatives.Check();
Console.WriteLine(text);
return usable ? 0 : 1;
