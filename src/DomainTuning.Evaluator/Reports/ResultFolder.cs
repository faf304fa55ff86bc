using DomainTuning.Evaluator.Beir;
using DomainTuning.Evaluator.Measures.Rankings;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Evaluator.Reports;

/// <summary>
/// Writes a result as files of one name: .json (everything), .html and .md (to read), .recipe.json (to run again), and for each search a TREC run at page level
/// with the judgements in .qrels, which trec_eval and ir_measures score alike.
/// </summary>
public static class ResultFolder
{
    /// <returns>The report's path.</returns>
    public static string Write(string folder, EvaluationResult result)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, result.Run);
        WriteWhole(path + ".json", ResultJson.Write(result));
        WriteWhole(path + ".md", MarkdownReport.Write(result));
        WriteWhole(path + ".html", HtmlReport.Write(result));
        WriteWhole(path + ".recipe.json", ResultJson.Write(Reproduction.Expecting(result)));
        var judged = result.Questions.Where(question => question.Question.Evidence.Count > 0).ToList();
        if (judged.Count == 0) return path + ".html";
        TrecFile.WriteJudgements(path + ".qrels", EvidenceJudgements.Pages(judged.Select(question => question.Question)));
        foreach (var search in result.Searches)
            TrecFile.WriteRun($"{path}.{search.Name}.run", SearchRun.OfRanked(search.Name, judged.Select(question =>
                (question.Question.Id, EvidenceJudgements.Names(question.Searches[search.Name].Hits, RankingLevel.Page)))));
        return path + ".html";
    }

    /// <summary>A reader never sees half a file.</summary>
    private static void WriteWhole(string path, string text)
    {
        File.WriteAllText(path + ".partial", text);
        File.Move(path + ".partial", path, overwrite: true);
    }
}
