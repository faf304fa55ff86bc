using DomainTuning.Trainer.Training;
using System.Globalization;
using System.Text;
using DomainTuning.Adapters;
using DomainTuning.Training;

namespace DomainTuning.Trainer.Runs;

/// <summary>A finished adapter's folder: PEFT's two files, the card, a page for people and the curves. It appears under its name when it is whole.</summary>
internal static class AdapterFolder
{
    public static void Write(TrainingFolder run, Learner learner, AdapterCard card)
    {
        var work = Path.Combine(run.Path, ".adapter-new");
        if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
        Directory.CreateDirectory(work);
        learner.SaveAdapter(work);
        card.Write(work);
        var name = TrainingJson.ReadRecipe(run.Recipe).Name;
        File.WriteAllText(Path.Combine(work, "README.md"), Page(name, card));
        File.WriteAllText(Path.Combine(work, "curves.svg"), Curves.Draw(run.History()));
        if (File.Exists(run.Sections)) File.Copy(run.Sections, Path.Combine(work, Path.GetFileName(run.Sections)));
        if (Directory.Exists(run.Adapter)) Directory.Delete(run.Adapter, recursive: true);
        Directory.Move(work, run.Adapter);
    }

    /// <summary>A model card as the hub shows it.</summary>
    private static string Page(string name, AdapterCard card)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"---\nbase_model: {card.BaseModel}\nlibrary_name: peft\ntags: [{card.Method}, domaintuning]\n---\n\n# {name}\n\n");
        page.Append(CultureInfo.InvariantCulture, $"An adapter of {card.BaseModel}{(card.Corpus is null ? "" : $" for the corpus {card.Corpus}")}, trained by DomainTuning. Loads in PEFT; served here as `{card.BaseModel}:{name}`.\n\n| | |\n|---|---|\n");
        void Row(string what, FormattableString? value)
        {
            if (value is not null) page.Append("| ").Append(what).Append(" | ").Append(value.ToString(CultureInfo.InvariantCulture)).Append(" |\n");
        }

        Row("method", $"{card.Method}, rank {card.Rank}, alpha {card.Alpha}, on {string.Join(", ", card.Targets)}");
        Row("loss on", $"{card.LossMask}");
        Row("perplexity of held-out answers", $"{card.PerplexityBefore:0.000} → {card.PerplexityAfter:0.000} (step {card.BestStep} of {card.Steps})");
        Row("perplexity of general text", card.GeneralPerplexityBefore is null ? null : (FormattableString)$"{card.GeneralPerplexityBefore:0.000} → {card.GeneralPerplexityAfter:0.000}");
        Row("trained on", $"{card.TokensSeen} tokens in {card.Minutes:0.0} minutes, {card.Precision}, seed {card.Seed}");
        Row("examples", $"sha256 {card.DataSha256}");
        Row("base", $"sha256 {card.BaseSha256}");
        return page.Append("\n![curves](curves.svg)\n").ToString();
    }
}
