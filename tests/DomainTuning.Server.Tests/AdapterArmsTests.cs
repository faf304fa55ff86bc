using System.Net.Http.Json;
using System.Text.Json;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Server.Tests;

/// <summary>Adapters that appear while the server runs.</summary>
public sealed class AdapterArmsTests(ServedWorkspace workspace)
{
    [Fact]
    public async Task AnAdapterThatAppearsIsListedAndAnswersAloneAndOverACorpus()
    {
        Write("fresh", rows: 576);

        var models = await workspace.Client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken);
        Assert.Contains("\"smollm2-135m-instruct:fresh\"", models, StringComparison.Ordinal);
        Assert.Contains("\"smollm2-135m-instruct:fresh@pumps\"", models, StringComparison.Ordinal);
        foreach (var arm in new[] { "smollm2-135m-instruct:fresh", "smollm2-135m-instruct:fresh@pumps" })
        {
            var (status, body) = await AskAsync(arm);
            Assert.Equal(200, status);
            Assert.Equal(arm, body.GetProperty("model").GetString());
        }
    }

    [Fact]
    public async Task AnAdapterOfAnotherModelIsRefusedBeforeTheAnswerBegins()
    {
        Write("foreign", rows: 64);

        var (status, body) = await AskAsync("smollm2-135m-instruct:foreign");

        Assert.Equal(409, status);
        Assert.Contains("another model", body.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private async Task<(int Status, JsonElement Body)> AskAsync(string arm)
    {
        var request = new { model = arm, temperature = 0, max_tokens = 4, messages = new[] { new { role = "user", content = "How much does the pump deliver?" } } };
        using var response = await workspace.Client.PostAsJsonAsync("/v1/chat/completions", request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken));
    }

    /// <summary>A PEFT folder with one adapted module of rank 1.</summary>
    private void Write(string name, int rows)
    {
        const string Module = "model.layers.0.self_attn.q_proj";
        var folder = Directory.CreateDirectory(Path.Combine(workspace.AdaptersFolder, name)).FullName;
        using (var writer = new SafetensorsWriter(
            Path.Combine(folder, "adapter_model.safetensors"), [($"base_model.model.{Module}.lora_A.weight", [1, rows]), ($"base_model.model.{Module}.lora_B.weight", [rows, 1])]))
        {
            writer.Append(Enumerable.Repeat(0.01f, 2 * rows).ToArray());
            writer.Complete();
        }

        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), $$"""{"peft_type":"LORA","r":1,"lora_alpha":1,"target_modules":["{{Module}}"]}""");
    }
}
