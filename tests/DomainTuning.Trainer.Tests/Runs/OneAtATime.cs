namespace DomainTuning.Trainer.Tests.Runs;

/// <summary>Torch's random numbers (dropout) and threads belong to the whole process: trainings that are compared bit by bit run alone.</summary>
[CollectionDefinition(nameof(OneAtATime), DisableParallelization = true)]
public sealed class OneAtATime;
