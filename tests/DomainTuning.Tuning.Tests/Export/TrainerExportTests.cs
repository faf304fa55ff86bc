using System.Text.Json;
using DomainTuning.Training;
using DomainTuning.Tuning.Examples;
using DomainTuning.Tuning.Export;
using DomainTuning.Tuning.Formats;

namespace DomainTuning.Tuning.Tests.Export;

public sealed class TrainerExportTests
{
    private static readonly TrainingRecipe Recipe = new() { Name = "pump", BaseModel = "smollm2-135m-instruct", Examples = new ExampleRecipe { Validation = 0.2 }, Method = new MethodRecipe { Rank = 8, Alpha = 24, RankStabilised = true } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TrainerExport.LlamaFactory)]
    [InlineData(TrainerExport.Trl)]
    public async Task EveryKeyOfTheConfigurationIsOneThatTheToolDocuments(string tool)
    {
        var known = File.ReadAllLines(Fixtures.Path("trainers", tool + ".txt")).Where(line => !line.StartsWith('#')).ToHashSet(StringComparer.Ordinal);

        using var folder = await ExportAsync(tool, Recipe with { Schedule = new ScheduleRecipe { MaxSteps = 10 } });

        Assert.All(Configuration(folder).Keys, key => Assert.Contains(key, known));
    }

    [Theory]
    [InlineData(TrainerExport.LlamaFactory, "lora_rank", "8")]
    [InlineData(TrainerExport.LlamaFactory, "lora_alpha", "24")]
    [InlineData(TrainerExport.LlamaFactory, "lora_target", "\"q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj\"")]
    [InlineData(TrainerExport.LlamaFactory, "use_rslora", "true")]
    [InlineData(TrainerExport.LlamaFactory, "template", "\"smollm2\"")]
    [InlineData(TrainerExport.LlamaFactory, "model_name_or_path", "\"HuggingFaceTB/SmolLM2-135M-Instruct\"")]
    [InlineData(TrainerExport.Trl, "lora_r", "8")]
    [InlineData(TrainerExport.Trl, "use_peft", "true")]
    [InlineData(TrainerExport.Trl, "completion_only_loss", "true")]
    [InlineData(TrainerExport.Trl, "learning_rate", "0.0005")]
    [InlineData(TrainerExport.Trl, "adam_epsilon", "0.00000001")]
    [InlineData(TrainerExport.Trl, "lora_target_modules", "[\"q_proj\", \"k_proj\", \"v_proj\", \"o_proj\", \"gate_proj\", \"up_proj\", \"down_proj\"]")]
    public async Task TheConfigurationSaysWhatTheRecipeSays(string tool, string key, string value)
    {
        using var folder = await ExportAsync(tool, Recipe);

        Assert.Equal(value, Configuration(folder)[key]);
    }

    [Fact]
    public async Task LlamaFactorysDatasetIsDescribedAndHoldsTheExamples()
    {
        using var folder = await ExportAsync(TrainerExport.LlamaFactory, Recipe);

        using var info = JsonDocument.Parse(await File.ReadAllTextAsync(folder["dataset_info.json"], Token));
        var train = info.RootElement.GetProperty("domaintuning_train");
        Assert.Equal(["columns", "file_name", "formatting", "tags"], train.EnumerateObject().Select(entry => entry.Name).Order(StringComparer.Ordinal));
        Assert.Equal("sharegpt", train.GetProperty("formatting").GetString());
        Assert.Equal("messages", train.GetProperty("columns").GetProperty("messages").GetString());
        Assert.Equal(["assistant_tag", "content_tag", "role_tag", "system_tag", "user_tag"], train.GetProperty("tags").EnumerateObject().Select(entry => entry.Name).Order(StringComparer.Ordinal));
        Assert.Equal("\"domaintuning_train\"", Configuration(folder)["dataset"]);
        Assert.Equal(Messages(folder[ExampleSet.TrainFile]), ExampleFile.Read(folder[train.GetProperty("file_name").GetString()!]).Select(example => string.Join('|', example.Messages)));
    }

    [Fact]
    public async Task TrlSplitsPromptFromCompletionSoThatLossFallsOnTheAnswer()
    {
        using var folder = await ExportAsync(TrainerExport.Trl, Recipe);

        var rows = (await File.ReadAllLinesAsync(Path.Combine(folder["data"], "train.jsonl"), Token)).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.All(rows, row => Assert.Equal(["completion", "prompt"], row.EnumerateObject().Select(entry => entry.Name).Order(StringComparer.Ordinal)));
        Assert.All(rows, row => Assert.Equal("assistant", Assert.Single(row.GetProperty("completion").EnumerateArray()).GetProperty("role").GetString()));
        Assert.All(rows, row => Assert.Equal(["system", "user"], row.GetProperty("prompt").EnumerateArray().Select(message => message.GetProperty("role").GetString()!)));
        Assert.Equal(File.ReadAllLines(folder[ExampleSet.TrainFile]).Length, rows.Count);
    }

    [Fact]
    public async Task WhatAToolCannotBeToldIsRefused()
    {
        var failure = await Assert.ThrowsAsync<ArgumentException>(() => ExportAsync(TrainerExport.Trl, Recipe with { Method = new MethodRecipe { Layers = [20, 21] } }));

        Assert.Contains("trl cannot be told method.layers = 20, 21", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => ExportAsync("axolotl", Recipe));
    }

    private static async Task<TemporaryFolder> ExportAsync(string tool, TrainingRecipe recipe)
    {
        var folder = new TemporaryFolder();
        var set = await new ExampleMaker(await PumpManual.SourcesAsync()).MakeAsync(recipe, null, Token);
        await TrainerExport.WriteAsync(tool, set, recipe, folder.Path, Token);
        return folder;
    }

    private static Dictionary<string, string> Configuration(TemporaryFolder folder) =>
        File.ReadAllLines(folder["config.yaml"]).Where(line => !line.StartsWith('#')).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    private static IEnumerable<string> Messages(string file) => File.ReadLines(file).Select(line =>
    {
        using var json = JsonDocument.Parse(line);
        return string.Join('|', json.RootElement.GetProperty("messages").EnumerateArray().Select(message => new ExampleMessage(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!)));
    });
}
