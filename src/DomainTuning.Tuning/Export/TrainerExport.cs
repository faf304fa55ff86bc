using DomainTuning.Training;
using DomainTuning.Tuning.Examples;

namespace DomainTuning.Tuning.Export;

/// <summary>Writes data and configuration for another trainer, from the same recipe and the same examples.</summary>
public static class TrainerExport
{
    public const string LlamaFactory = "llama-factory";
    public const string Trl = "trl";

    /// <param name="tool"><see cref="LlamaFactory"/> or <see cref="Trl"/>.</param>
    /// <exception cref="ArgumentException">The tool is neither, or the recipe asks for what it does not know.</exception>
    public static Task WriteAsync(string tool, ExampleSet set, TrainingRecipe recipe, string folder, CancellationToken cancellationToken = default) => tool switch
    {
        LlamaFactory => LlamaFactoryExport.WriteAsync(set, recipe, folder, cancellationToken),
        Trl => TrlExport.WriteAsync(set, recipe, folder, cancellationToken),
        _ => throw new ArgumentException($"--export is '{tool}'; {LlamaFactory} or {Trl} is expected."),
    };
}
