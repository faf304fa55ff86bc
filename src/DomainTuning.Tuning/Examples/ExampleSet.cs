using System.Security.Cryptography;
using System.Text;
using DomainTuning.Training;

namespace DomainTuning.Tuning.Examples;

/// <summary>How many examples of a kind are in which split.</summary>
public sealed record ExampleCount(string Kind, int Train, int Validation);

/// <summary>What a training sees and what it is measured on while it runs, with how it came about.</summary>
public sealed record ExampleSet
{
    /// <summary>What <see cref="WriteAsync"/> calls its files; the evaluator refuses to judge an adapter by what the last one lists.</summary>
    public const string TrainFile = "train.jsonl";
    public const string ValidationFile = "validation.jsonl";
    public const string SectionsFile = "train-sections.json";

    /// <summary>In the order of training.</summary>
    public required IReadOnlyList<TrainingExample> Train { get; init; }

    public required IReadOnlyList<TrainingExample> Validation { get; init; }

    /// <summary>Sections whose text or questions are trained on, named as in questions.jsonl where a question names them.</summary>
    public required IReadOnlyList<string> Sections { get; init; }

    /// <summary>Ids of the corpus' questions that are trained on.</summary>
    public required IReadOnlyList<string> Questions { get; init; }

    /// <summary>By kind, in order of its name.</summary>
    public required IReadOnlyList<ExampleCount> Counts { get; init; }

    /// <summary>By what the prompt holds: right passage, without it, closed book, as written by hand.</summary>
    public required IReadOnlyList<ExampleCount> Mixes { get; init; }

    /// <summary>What was left out, by reason.</summary>
    public required IReadOnlyDictionary<string, int> Dropped { get; init; }

    /// <summary>Of both files.</summary>
    public string DataSha256 => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(TrainingJson.Lines(Train) + "\n" + TrainingJson.Lines(Validation))));

    /// <summary>Writes train.jsonl, validation.jsonl and train-sections.json.</summary>
    public async Task WriteAsync(string folder, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, TrainFile), TrainingJson.Lines(Train), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(folder, ValidationFile), TrainingJson.Lines(Validation), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(folder, SectionsFile), ExampleJson.Write(new TrainedOn(Sections, Questions)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As the evaluator's guard against leakage reads it.</summary>
    private sealed record TrainedOn(IReadOnlyList<string> Sections, IReadOnlyList<string> Questions);
}

/// <summary>How far the making of examples has come.</summary>
/// <param name="Stage">"questions", "structure", "chat model".</param>
public sealed record ExampleProgress(string Stage, int Done, int Total);
