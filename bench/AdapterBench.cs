using System.Diagnostics;
using System.Globalization;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Onnx.Decoding;
using Microsoft.Extensions.AI;

namespace DomainTuning.Bench;

/// <summary>What random LoRA adapters on all linear layers cost beside the plain model in the same run: decode, prefill, memory, and taking one for a request.</summary>
internal static class AdapterBench
{
    private const int AnswerTokens = 96;
    private const int Repeats = 6;

    private static readonly int[] Ranks = [8, 16, 64];

    public static async Task RunAsync(string model, bool write)
    {
        var card = new ModelLibrary(Path.Combine(Repository.Root, "models")).Find(model);
        var root = Directory.CreateTempSubdirectory("domaintuning-bench-").FullName;
        try
        {
            using var client = await OnnxChatClient.LoadAsync(
                card.Folder,
                Path.Combine(Repository.Root, ".domaintuning", "models"),
                new ChatEngineOptions { ContextTokens = 1024, Drafting = false, PrefixCacheBytes = 0, Adapters = new AdapterFolders(card.Id, root) });
            var report = new Report(
                "adapters", $"{card.Id} ({client.Conversion.Form}), LoRA on all linear layers, {AnswerTokens} tokens out, batch 1, best of {Repeats} in turns", $"adapters --model {model}",
                "arm", "prefill, tokens/s", "decode, tokens/s", "decode against plain", "memory of its values, MB", "graph and memory at load, MB", "taking it, ms");
            var arms = new List<(string Id, string? Adapter, double Megabytes, double Grown)> { (client.ModelId, null, 0, 0) };
            foreach (var rank in Ranks)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"r{rank}");
                RandomAdapter.Write(Path.Combine(root, name), client.Conversion.Shape, rank, seed: rank, strength: 0.005f);
                var before = Machine.ResidentMegabytes();
                var facts = await client.LoadAdapterAsync(name);
                arms.Add(($"{client.ModelId}:{name}", name, facts.Bytes / 1e6, Machine.ResidentMegabytes() - before));
            }

            var best = new (double Prefill, double Decode)[arms.Count];
            for (var repeat = 0; repeat < Repeats; repeat++)
                for (var i = 0; i < arms.Count; i++)
                {
                    var (prefill, decode) = await MeasureAsync(client, arms[i].Id, repeat);
                    best[i] = (Math.Max(best[i].Prefill, prefill), Math.Max(best[i].Decode, decode));
                }

            for (var i = 0; i < arms.Count; i++)
            {
                var taking = arms[i].Adapter is { } adapter ? await TakingAsync(client, adapter) : 0;
                report.Row(arms[i].Adapter ?? "plain", best[i].Prefill, best[i].Decode, Math.Round(best[i].Decode / best[0].Decode, 3), arms[i].Megabytes, arms[i].Grown, Math.Round(taking, 3));
            }

            report.Finish(write);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<(double Prefill, double Decode)> MeasureAsync(OnnxChatClient client, string arm, int repeat)
    {
        ChatMessage[] messages = [new(ChatRole.User, $"{repeat}. Continue: " + string.Concat(Enumerable.Repeat("The pump is checked once a month, and its valves are cleaned. ", 16)))];
        var options = new ChatOptions { ModelId = arm, Temperature = 1, Seed = 7, MaxOutputTokens = AnswerTokens };
        var response = await client.GetResponseAsync(messages, options);
        return (
            client.CountTokens(messages) / ((TimeSpan)response.AdditionalProperties![OnnxChatClient.TimeToFirstToken]!).TotalSeconds,
            Convert.ToDouble(response.AdditionalProperties[OnnxChatClient.TokensPerSecond], CultureInfo.InvariantCulture));
    }

    /// <summary>What choosing an adapter that is loaded adds to a request: the look at its folder and the lease.</summary>
    private static async Task<double> TakingAsync(OnnxChatClient client, string adapter)
    {
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 200; i++) await client.LoadAdapterAsync(adapter);
        return watch.Elapsed.TotalMilliseconds / 200;
    }
}
