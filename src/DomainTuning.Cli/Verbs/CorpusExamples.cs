using DomainTuning.Arms;
using DomainTuning.Tuning.Examples;
using DomainTuning.Tuning.Runs;

namespace DomainTuning.Cli.Verbs;

/// <summary>Examples made from a corpus' index, as its recipe says.</summary>
internal static class CorpusExamples
{
    public static ExampleSource Source(ArmCatalog catalog, CorpusPlace place, TextWriter error) => async (folder, recipe, cancellationToken) =>
    {
        var sources = await ExampleSources.OpenAsync(catalog, place.Name, place.Folder, recipe, cancellationToken);
        var set = await new ExampleMaker(sources).MakeAsync(recipe, new ExampleLines(error), cancellationToken);
        await set.WriteAsync(folder.Path, cancellationToken);
    };
}
