using DomainTuning.Arms;
using DomainTuning.Tuning.Runs;

namespace DomainTuning.Cli.Verbs;

/// <summary>Examples made from a corpus' index, as its recipe says.</summary>
internal static class CorpusExamples
{
    public static ExampleSource Source(ArmCatalog catalog, CorpusPlace place, TextWriter error) =>
        (_, _, _) => throw new Corpora.SettingsException($"Examples of '{place.Name}' cannot be made yet. Pass --examples <folder with train.jsonl and validation.jsonl>.");
}
