using DomainTuning.Arms;
using DomainTuning.Training;
using DomainTuning.Tuning.Examples;
using DomainTuning.Tuning.Runs;

namespace DomainTuning.Cli.Verbs;

/// <summary>Examples made from a corpus' index, as its recipe says.</summary>
internal static class CorpusExamples
{
    public static ExampleWriting Source(ArmCatalog catalog, CorpusPlace place, TextWriter error) => async (folder, recipe, cancellationToken) =>
        await (await MakeAsync(catalog, place, recipe, error, cancellationToken)).WriteAsync(folder.Path, cancellationToken);

    public static async Task<ExampleSet> MakeAsync(ArmCatalog catalog, CorpusPlace place, TrainingRecipe recipe, TextWriter error, CancellationToken cancellationToken)
    {
        var sources = await ExampleSources.OpenAsync(catalog, place.Name, place.Folder, recipe, cancellationToken);
        return await new ExampleMaker(sources).MakeAsync(recipe, new ExampleLines(error), cancellationToken);
    }
}
