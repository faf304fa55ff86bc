using System.Text.Json;
using DomainTuning.Corpora;
using DomainTuning.Stores.Sqlite;

namespace DomainTuning.Cli.Tests;

/// <summary>questions check and evaluate beir as a user runs them.</summary>
public sealed class EvaluationTests
{
    private const string Question = """{"id": "q1", "text": "How long does the spindle wait?", "kind": "parameter", "split": "test", "section": "s", "answers": ["0.5 s"], "evidence": [{"document": "manual.pdf", "page": 1, "quote": "The spindle waits 0.5 s"}]}""";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task QuestionsAreCheckedAgainstTheIndexedPages()
    {
        using var folder = new TemporaryFolder();
        await IngestManualAsync(folder, "pumps");
        var file = await WriteQuestionsAsync(folder, Question);

        var (exit, output, error) = await RunAsync(folder, "questions", "check", "pumps");
        Assert.True(exit == 0, output + error);
        Assert.Contains("All is well.", output, StringComparison.Ordinal);

        await File.WriteAllTextAsync(file, Question.Replace("waits 0.5 s", "waits 0.6 s", StringComparison.Ordinal), Cancelled);
        (exit, output, _) = await RunAsync(folder, "questions", "check", Path.Combine(folder.Path, "corpora", "pumps"));
        Assert.Equal(1, exit);
        Assert.StartsWith("line 1: q1: the quote is not on manual.pdf p. 1", output, StringComparison.Ordinal);

        (exit, output, _) = await RunAsync(folder, "questions", "check", "pumps", "--json");
        Assert.Equal(1, exit);
        using var report = JsonDocument.Parse(output);
        Assert.False(report.RootElement.GetProperty("isSound").GetBoolean());
        Assert.Equal("q1", report.RootElement.GetProperty("findings")[0].GetProperty("question").GetString());
    }

    [Fact]
    public async Task CheckingBeforeIngestingSaysWhatToRun()
    {
        using var folder = new TemporaryFolder();
        await WriteQuestionsAsync(folder, Question);

        var (exit, _, error) = await RunAsync(folder, "questions", "check", "pumps");

        Assert.Equal(1, exit);
        Assert.Contains("domaintuning ingest", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARetrievalSetIsScoredWithTheWorkspacesEncoder()
    {
        using var folder = new TemporaryFolder();
        var set = Directory.CreateDirectory(folder["tiny"]).FullName;
        Directory.CreateDirectory(Path.Combine(set, "qrels"));
        await File.WriteAllLinesAsync(Path.Combine(set, "corpus.jsonl"), ["""{"_id": "a", "title": "", "text": "The cat sleeps on the sofa."}""", """{"_id": "b", "title": "", "text": "Bearings need grease every month."}"""], Cancelled);
        await File.WriteAllLinesAsync(Path.Combine(set, "queries.jsonl"), ["""{"_id": "q", "text": "How often must I lubricate the bearings?"}"""], Cancelled);
        await File.WriteAllLinesAsync(Path.Combine(set, "qrels", "test.tsv"), ["query-id\tcorpus-id\tscore", "q\tb\t1"], Cancelled);
        await RunAsync(folder, "models", "add", Fixtures.Model("bge-small-en-v1.5"));

        var (exit, output, error) = await RunAsync(folder, "evaluate", "beir", set, "--out", folder["out"], "--json");

        Assert.True(exit == 0, error);
        using var result = JsonDocument.Parse(output);
        Assert.Equal(3, result.RootElement.GetProperty("searches").GetArrayLength());
        Assert.All(result.RootElement.GetProperty("searches").EnumerateArray(), search => Assert.Equal(1, search.GetProperty("means").GetProperty("ndcg@10").GetDouble()));
        Assert.StartsWith("q Q0 b 1 ", await File.ReadAllTextAsync(Path.Combine(folder["out"], "hybrid.trec"), Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFolderThatIsNoRetrievalSetSaysWhatOneHolds()
    {
        using var folder = new TemporaryFolder();

        var (exit, _, error) = await RunAsync(folder, "evaluate", "beir", folder.Path);

        Assert.Equal(1, exit);
        Assert.Contains("corpus.jsonl, queries.jsonl and qrels/test.tsv", error, StringComparison.Ordinal);
    }

    /// <summary>A recipe for real: an evaluation writes it, reproduce runs it from the file, and an expectation that no longer holds is named.</summary>
    [Fact]
    public async Task ARecipeIsReproducedAndWhatMovedIsNamed()
    {
        using var folder = new TemporaryFolder();
        await RealCorpusAsync(folder);

        var evaluated = await RunAsync(folder, "evaluate", "pumps", "--arms", "quote", "--out", folder["out"]);
        Assert.True(evaluated.Exit == 0, evaluated.Error);
        var recipe = Directory.GetFiles(folder["out"], "*.recipe.json").Single();
        var same = await RunAsync(folder, "evaluate", "reproduce", recipe, "--out", folder["again"]);
        var text = await File.ReadAllTextAsync(recipe, Cancelled);
        await File.WriteAllTextAsync(recipe, text.Replace("\"value\": 1,", "\"value\": 0.5,", StringComparison.Ordinal), Cancelled);
        var moved = await RunAsync(folder, "evaluate", "reproduce", recipe, "--out", folder["again"]);

        Assert.True(same.Exit == 0, same.Output + same.Error);
        Assert.All(same.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("ok   ", line, StringComparison.Ordinal));
        Assert.Contains("quote correct: expected 1.0000 ± 0.0100, got 1.0000", same.Output, StringComparison.Ordinal);
        Assert.Equal(1, moved.Exit);
        Assert.Contains("MOVED quote correct: expected 0.5000 ± 0.0100, got 1.0000, moved by +0.5000", moved.Output, StringComparison.Ordinal);
        Assert.Contains("quote: 1 of 1, 1 from earlier runs", moved.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAdviceIsMeasuredWithinItsBudgetAndNamesWhatItLeftOut()
    {
        using var folder = new TemporaryFolder();
        await RealCorpusAsync(folder);
        await RunAsync(folder, "models", "add", Fixtures.Path("gguf", "models", "tiny-llama-q8_0.gguf"), "--id", "tiny");

        var (exit, output, error) = await RunAsync(folder, "advise", "pumps", "--chat-model", "tiny", "--assume", "labelled=12000", "--assume", "gflops=100", "--json");
        Assert.True(exit == 0, error);
        using var report = JsonDocument.Parse(output);
        var survey = report.RootElement.GetProperty("survey");
        Assert.Equal((1, 12000, 100.0), (survey.GetProperty("documents").GetInt32(), survey.GetProperty("labelled").GetInt32(), survey.GetProperty("gflops").GetDouble()));
        Assert.True(survey.GetProperty("perplexity").GetDouble() > 1);
        Assert.True(survey.GetProperty("generalPerplexity").GetDouble() > 1);
        Assert.True(survey.GetProperty("fromHeadings").GetBoolean(), "the only question is of the test split, which an advice never asks");
        Assert.Contains("--assume labelled=N", output, StringComparison.Ordinal);

        (exit, output, error) = await RunAsync(folder, "advise", "pumps", "--chat-model", "tiny", "--minutes", "0.0001");
        Assert.True(exit == 0, error);
        Assert.Contains("not measured: perplexity, general text: 0 of 20, then the time budget", output, StringComparison.Ordinal);
        Assert.Contains("knowledge complexity", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEvaluationWithAnAdapterSaysWhatItForgotAndWhetherItsTrainingIsKnown()
    {
        using var folder = new TemporaryFolder();
        await RealCorpusAsync(folder);
        var adapter = await GoldenAdapterAsync(folder);

        var (exit, output, error) = await RunAsync(folder, "evaluate", "pumps", "--chat-model", "tiny", "--arms", "adapter", "--out", folder["out"]);
        Assert.True(exit == 0, output + error);
        Assert.Contains("'tiny:golden' is of unknown provenance", output, StringComparison.Ordinal);
        Assert.Matches(@"\| tiny:golden \| unknown provenance \| \d+\.\d\d \| \d+\.\d\d \| ×\d\.\d\d \[", output);

        var alone = await RunAsync(folder, "evaluate", "forgetting", "--chat-model", "tiny", "--json");
        Assert.True(alone.Exit == 0, alone.Error);
        using var forgotten = JsonDocument.Parse(alone.Output);
        var forgetting = forgotten.RootElement[0].GetProperty("forgetting");
        Assert.Equal(20, forgetting.GetProperty("perplexity").GetProperty("pieces").GetInt32());
        Assert.Equal(36, forgetting.GetProperty("reading").GetProperty("before").GetProperty("questions").GetInt32());
        Assert.Contains("general text tiny:golden: 56 of 56, 56 from earlier runs", alone.Error, StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(adapter, "train-sections.json"), """{"sections": ["s"], "questions": []}""", Cancelled);
        (exit, _, error) = await RunAsync(folder, "evaluate", "pumps", "--chat-model", "tiny", "--arms", "adapter", "--out", folder["out"]);
        Assert.Equal(1, exit);
        Assert.Contains("Adapter 'tiny:golden' was trained on 1 of the 1 questions or on their evidence sections: q1 (s).", error, StringComparison.Ordinal);
    }

    /// <summary>The tiny base of the adapter goldens as chat model "tiny", with one of its adapters.</summary>
    private static async Task<string> GoldenAdapterAsync(TemporaryFolder folder)
    {
        var model = Directory.CreateDirectory(folder["tiny"]).FullName;
        File.Copy(Fixtures.Path("adapters", "base-llama", "model.safetensors"), Path.Combine(model, "model.safetensors"));
        foreach (var file in new[] { "tokenizer.json", "tokenizer_config.json" }) File.Copy(Fixtures.Path("models", "tiny-llama", file), Path.Combine(model, file));
        var shape = await File.ReadAllTextAsync(Fixtures.Path("adapters", "base-llama", "config.json"), Cancelled);
        await File.WriteAllTextAsync(Path.Combine(model, "config.json"), shape.Replace("\"max_position_embeddings\": 256", "\"max_position_embeddings\": 2048", StringComparison.Ordinal), Cancelled);
        var added = await RunAsync(folder, "models", "add", model, "--id", "tiny");
        Assert.True(added.Exit == 0, added.Error);
        var adapter = Directory.CreateDirectory(Path.Combine(new Workspace(folder.Path).AdaptersFolder("tiny"), "golden")).FullName;
        foreach (var file in new[] { "adapter_config.json", "adapter_model.safetensors" }) File.Copy(Fixtures.Path("adapters", "lora-r16-all", file), Path.Combine(adapter, file));
        return adapter;
    }

    /// <summary>A corpus of one page with one question of the test split, embedded by the shipped encoder.</summary>
    private static async Task RealCorpusAsync(TemporaryFolder folder)
    {
        await RunAsync(folder, "models", "add", Fixtures.Model("bge-small-en-v1.5"));
        using var embedder = DomainTuning.Onnx.Encoders.OnnxEmbedder.Load(Path.Combine(folder["models"], "bge-small-en-v1.5"));
        await IngestManualAsync(folder, "pumps", embedder, "Starting the spindle");
        await WriteQuestionsAsync(folder, Question);
    }

    private static async Task IngestManualAsync(TemporaryFolder folder, string corpus)
    {
        using var embedder = new HashEmbedder();
        await IngestManualAsync(folder, corpus, embedder, null);
    }

    private static async Task IngestManualAsync(TemporaryFolder folder, string corpus, DomainTuning.Embeddings.Embedder embedder, string? heading)
    {
        var workspace = new Workspace(folder.Path);
        Directory.CreateDirectory(workspace.IndexFolder);
        await using var index = await SqliteChunkIndex.OpenForWritingAsync(workspace.IndexFile(corpus), SampleDocument.Manifest(embedder), Cancelled);
        var manual = await SampleDocument.CreateAsync(embedder, "manual.pdf", ["The spindle waits 0.5 s before it starts."], heading: heading);
        await manual.StoreInAsync(index, Cancelled);
    }

    private static async Task<string> WriteQuestionsAsync(TemporaryFolder folder, string line)
    {
        var corpus = Directory.CreateDirectory(Path.Combine(folder.Path, "corpora", "pumps")).FullName;
        var file = Path.Combine(corpus, QuestionFile.Name);
        await File.WriteAllTextAsync(file, line + "\n", Cancelled);
        return file;
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(TemporaryFolder workspace, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exit = await CommandLine.RunAsync([.. args, "--workspace", workspace.Path], output, error, Cancelled);
        return (exit, output.ToString(), error.ToString());
    }
}
