using System.Net.Http.Json;
using System.Text.Json;
using DomainTuning.Arms;
using DomainTuning.Corpora;
using DomainTuning.Server;
using DomainTuning.Training;

namespace EndToEnd.Tests;

/// <summary>Twenty steps with the tiny llama while a server runs: the adapter is there and answers otherwise than the base, without a restart.</summary>
public sealed class FromExamplesToServedAdapterTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task ATrainedAdapterIsServedByARunningServer()
    {
        if (!File.Exists(Path.Combine(Fixtures.Root, "src", "DomainTuning.Trainer", "bin", "Release", "net10.0", "DomainTuning.Trainer.dll")))
            Assert.Skip("Needs the trainer: dotnet build -c Release src/DomainTuning.Trainer.");
        Prepare();
        var settings = new Settings { Port = 0, ChatModel = "tiny-llama" };
        await using var arms = new ArmCatalog(new Workspace(folder.Path), settings);
        await using var server = await WebServer.StartAsync(settings, arms, TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };
        var before = await AskAsync(client, "tiny-llama");

        var trained = await DomainTuningProcess.RunAsync(
            folder.Path, ["train", "bolts", "--examples", folder["examples"], "--steps", "20", "--learning-rate", "0.01", "--chat-model", "tiny-llama", "--threads", "1"], TestContext.Current.CancellationToken);

        Assert.True(trained.ExitCode == 0, trained.Error + trained.Output);
        Assert.Contains("trained and served model agree", trained.Output, StringComparison.Ordinal);
        Assert.Contains("\"tiny-llama:bolts\"", await client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(before, await AskAsync(client, "tiny-llama"));
        Assert.NotEqual(before, await AskAsync(client, "tiny-llama:bolts"));
        var training = await client.GetFromJsonAsync<JsonElement>("/v1/training", TestContext.Current.CancellationToken);
        Assert.Equal("finished", training.GetProperty("data")[0].GetProperty("progress").GetProperty("event").GetString());
        var runs = await DomainTuningProcess.RunAsync(folder.Path, ["runs", "list"], TestContext.Current.CancellationToken);
        Assert.Contains("finished", runs.Output, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private void Prepare()
    {
        var model = Directory.CreateDirectory(Path.Combine(folder["models"], "tiny-llama")).FullName;
        foreach (var file in new[] { "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json" }) File.Copy(Fixtures.Path("models", "tiny-llama", file), Path.Combine(model, file));
        Directory.CreateDirectory(Path.Combine(folder["corpora"], "bolts"));
        Directory.CreateDirectory(folder["examples"]);
        foreach (var (name, first, count) in new[] { ("train", 0, 40), ("validation", 100, 8) })
            TrainingJson.WriteExamples(Path.Combine(folder["examples"], name + ".jsonl"), Enumerable.Range(first, count).Select(i => new TrainingExample
            {
                Id = $"bolt-{i}", Kind = "hand", Messages = [new("user", $"What is the torque of bolt {i}?"), new("assistant", "Seven Nm.")],
            }));
    }

    private static async Task<string> AskAsync(HttpClient client, string model)
    {
        var request = new { model, temperature = 0, max_tokens = 12, messages = new[] { new { role = "user", content = "What is the torque of bolt 3?" } } };
        using var response = await client.PostAsJsonAsync("/v1/chat/completions", request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, body.ToString());
        return body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
    }
}
