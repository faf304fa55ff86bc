using System.Globalization;
using System.Text.Json;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Training;

namespace DomainTuning.Trainer.Training;

/// <summary>
/// Checkpoints of one run: a folder state-STEP each, written under another name and renamed when it is whole, so a process that dies at any moment
/// leaves the last one untouched. The newest is kept.
/// </summary>
internal sealed class SavedStates(string runFolder)
{
    private const string Prefix = "state-";
    private const string TensorsName = "tensors.safetensors";
    private const string StateName = "state.json";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public void Save(Checkpoint checkpoint)
    {
        var name = Path.Combine(runFolder, Prefix + checkpoint.State.Step.ToString("D8", CultureInfo.InvariantCulture) + (checkpoint.State.Ended ? "-ended" : ""));
        // A saved state is removed only while another one is whole.
        var target = Directory.Exists(name) ? name + "-again" : name;
        if (Directory.Exists(target)) Directory.Delete(name, recursive: true);
        if (Directory.Exists(target)) target = name;
        var work = Path.Combine(runFolder, "." + Prefix + "new");
        if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
        Directory.CreateDirectory(work);
        (string Part, IReadOnlyList<LearnerTensor> Tensors)[] parts = [("weights", checkpoint.Weights), ("moments", checkpoint.Moments), ("best", checkpoint.Best)];
        using (var writer = new SafetensorsWriter(Path.Combine(work, TensorsName), [.. parts.SelectMany(part => part.Tensors.Select(tensor => ($"{part.Part}/{tensor.Name}", tensor.Shape)))]))
        {
            foreach (var tensor in parts.SelectMany(part => part.Tensors)) writer.Append(tensor.Values);
            writer.Complete();
        }

        File.WriteAllText(Path.Combine(work, StateName), JsonSerializer.Serialize(checkpoint.State, Json));
        Directory.Move(work, target);
        foreach (var older in All().Where(folder => folder != target)) Directory.Delete(older, recursive: true);
    }

    /// <summary>The newest checkpoint; null where there is none.</summary>
    /// <exception cref="TrainingException">It is damaged.</exception>
    public Checkpoint? Newest()
    {
        if (All() is not [.., var folder]) return null;
        try
        {
            var state = JsonSerializer.Deserialize<TrainingState>(File.ReadAllText(Path.Combine(folder, StateName)), Json)!;
            using var file = SafetensorsFile.Open(Path.Combine(folder, TensorsName));
            return new Checkpoint(state, Read(file, "weights/"), Read(file, "moments/"), Read(file, "best/"));
        }
        catch (Exception error) when (error is JsonException or IOException or Checkpoints.CheckpointException)
        {
            throw new TrainingException($"The saved state '{folder}' cannot be read: {error.Message} Remove it to begin this training anew.", error);
        }
    }

    private string[] All() => [.. Directory.EnumerateDirectories(runFolder, Prefix + "*").Order(StringComparer.Ordinal)];

    private static List<LearnerTensor> Read(SafetensorsFile file, string part) =>
    [
        .. file.Tensors.Where(tensor => tensor.Name.StartsWith(part, StringComparison.Ordinal)).Select(tensor => new LearnerTensor(tensor.Name[part.Length..], [.. tensor.Shape], file.Read(tensor))),
    ];
}
