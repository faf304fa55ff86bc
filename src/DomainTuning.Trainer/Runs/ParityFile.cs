using DomainTuning.Trainer.Data;
using DomainTuning.Trainer.Training;
using System.Globalization;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Trainer.Runs;

/// <summary>Prompts and the trained model's logits after them, in float32: what the served model must give too. prompt.N.ids and prompt.N.logits in one safetensors file.</summary>
internal static class ParityFile
{
    /// <summary>Default 20, as issue 7 asks.</summary>
    public const int Prompts = 20;

    /// <summary>The longest prompt, where a mistake of positions would show most, and the shortest ones, which cost least.</summary>
    public static IReadOnlyList<IReadOnlyList<int>> Choose(IReadOnlyList<EncodedExample> examples)
    {
        var prompts = examples.Select(example => example.Ids.Take(example.PromptTokens).ToList()).OrderByDescending(prompt => prompt.Count).ToList();
        return [prompts[0], .. prompts.Skip(1).TakeLast(Prompts - 1)];
    }

    public static void Write(string path, Learner learner, IReadOnlyList<IReadOnlyList<int>> prompts)
    {
        var logits = prompts.Select(learner.Logits).ToList();
        using var writer = new SafetensorsWriter(path, [.. prompts.Zip(logits).SelectMany((pair, i) => new[] { (Name(i, "ids"), new long[] { pair.First.Count }), (Name(i, "logits"), [pair.Second.Length]) })]);
        foreach (var (ids, values) in prompts.Zip(logits))
        {
            writer.Append([.. ids.Select(id => (float)id)]); // exact below 2^24
            writer.Append(values);
        }

        writer.Complete();
    }

    private static string Name(int prompt, string what) => string.Create(CultureInfo.InvariantCulture, $"prompt.{prompt}.{what}");
}
