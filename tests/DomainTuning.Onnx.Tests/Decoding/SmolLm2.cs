using System.Text.Json;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;
using Microsoft.Extensions.AI;

[assembly: AssemblyFixture(typeof(DomainTuning.Onnx.Tests.Decoding.SmolLm2))]

namespace DomainTuning.Onnx.Tests.Decoding;

/// <summary>
/// The shipped model, converted once for all tests and builds of the same code: the cache under .domaintuning is keyed by this build of the product.
/// </summary>
public sealed class SmolLm2 : IAsyncLifetime
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private readonly string cache = Path.Combine(Fixtures.Root, ".domaintuning", "test-models", typeof(OnnxChatClient).Module.ModuleVersionId.ToString("N"));
    private OnnxChatClient? client;
    private Task<OnnxChatClient>? loading;

    /// <summary>
    /// In the default form of this machine. Without drafts: attention over several new tokens adds up in another order than over one, 8-bit activations
    /// amplify that to 0.3 to 0.6 of a logit, and near ties then fall as the measured costs of the moment decide.
    /// </summary>
    public Task<OnnxChatClient> ClientAsync()
    {
        lock (cache) return loading ??= LoadAsync(new ChatEngineOptions { ContextTokens = 2048, Drafting = false });
    }

    public Task<OnnxChatClient> LoadAsync(ChatEngineOptions options) =>
        OnnxChatClient.LoadAsync(Fixtures.Model("smollm2-135m-instruct"), cache, options);

    /// <summary>The converted model's graph, for looking at logits.</summary>
    internal static DecoderSession OpenSession(OnnxChatClient client) => new(client.Converted.Packed, slots: 1, capacity: 1024, threads: 2);

    internal static Golden Read()
    {
        using var stream = File.OpenRead(Fixtures.Path("models", "smollm2", "golden.json"));
        return JsonSerializer.Deserialize<Golden>(stream, Json)!;
    }

    public ValueTask InitializeAsync()
    {
        var parent = Path.GetDirectoryName(cache)!;
        if (Directory.Exists(parent))
            foreach (var old in Directory.GetDirectories(parent))
                if (old != cache) Directory.Delete(old, recursive: true);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (loading is not null) client = await loading;
        client?.Dispose();
    }

    internal sealed record Golden(IReadOnlyList<GoldenChat> Prompts, GoldenText Perplexity);

    internal sealed record GoldenText(int[] Ids, int Window, double MeanNll);

    internal sealed record GoldenChat(
        string Name, IReadOnlyList<GoldenMessage> Messages, int[] Ids, int[] Top20Ids, float[] Top20Logits, int[] GreedyIds, float[] GreedyGap, string Finish, string GreedyText)
    {
        public List<ChatMessage> Chat => [.. Messages.Select(message => new ChatMessage(new ChatRole(message.Role), message.Content))];
    }

    internal sealed record GoldenMessage(string Role, string Content);
}
