using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;
using Microsoft.Extensions.AI;

namespace DomainTuning.Bench;

/// <summary>
/// Prefill and decode tokens a second of the chat engine, through the same IChatClient that the product uses, beside llama.cpp on the same file in the
/// same run (its best backend for this processor, at one and at two threads).
/// </summary>
internal static class ChatBench
{
    private const int PromptTokens = 512;
    private const int AnswerTokens = 64;

    public static async Task RunAsync(string model, bool write)
    {
        var card = new ModelLibrary(Path.Combine(Repository.Root, "models")).Find(model);
        var report = new Report(
            "chat", $"{card.Id} ({card.Quantisation}), {PromptTokens} tokens in, {AnswerTokens} out, batch 1", $"chat --model {model}",
            "engine", "prefill, tokens/s", "decode, tokens/s");
        foreach (var form in new[] { WeightForm.Auto, WeightForm.W8A8, WeightForm.Float32 })
        {
            using var client = await OnnxChatClient.LoadAsync(card.Folder, Path.Combine(Repository.Root, ".domaintuning", "models"), new ChatEngineOptions { Form = form, ContextTokens = 1024, Drafting = false, PrefixCacheBytes = 0 });
            var (prefill, decode) = await MeasureAsync(client);
            report.Row($"DomainTuning, {client.Conversion.Form}{(form == WeightForm.Auto ? " (default here)" : "")}", prefill, decode);
        }

        foreach (var threads in new[] { Environment.ProcessorCount, 1 })
        {
            if (await LlamaCppAsync(card.WeightsPath, threads) is { } peer) report.Row($"llama.cpp, {threads} threads ({peer.Backend})", peer.Prefill, peer.Decode);
            else report.Note("llama.cpp was not measured: run `npm install --ignore-scripts` in bench/llama_cpp first (node 20).");
        }

        report.Finish(write);
    }

    internal static async Task<(double Prefill, double Decode)> MeasureAsync(OnnxChatClient client)
    {
        var (prefill, decode) = (0.0, 0.0);
        for (var repeat = 0; repeat < 4; repeat++)
        {
            // Other first words each time, so that no later cache of prefixes can shorten the work.
            var messages = Messages(client, $"Story {repeat}. ");
            var tokens = client.CountTokens(messages);
            var options = new ChatOptions { Temperature = 0, MaxOutputTokens = AnswerTokens };
            var response = await client.GetResponseAsync(messages, options);
            var properties = response.AdditionalProperties!;
            prefill = Math.Max(prefill, tokens / ((TimeSpan)properties[OnnxChatClient.TimeToFirstToken]!).TotalSeconds);
            decode = Math.Max(decode, Convert.ToDouble(properties[OnnxChatClient.TokensPerSecond], CultureInfo.InvariantCulture));
        }

        return (prefill, decode);
    }

    private static ChatMessage[] Messages(OnnxChatClient client, string start)
    {
        var words = File.ReadAllText(Path.Combine(Repository.Root, "tests", "fixtures", "models", "smollm2", "text.txt")).Split(' ');
        var count = 1;
        while (client.CountTokens(Make(count + 1)) <= PromptTokens) count++;
        return Make(count);

        ChatMessage[] Make(int taken) => [new(ChatRole.User, start + "Write a long summary of this: " + string.Join(' ', words.Take(taken)))];
    }

    private static async Task<(string Backend, double Prefill, double Decode)?> LlamaCppAsync(string gguf, int threads)
    {
        var folder = Path.Combine(Repository.Root, "bench", "llama_cpp");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "node-llama-cpp"))) return null;
        string[] arguments = ["speed.mjs", gguf, $"{threads}", $"{PromptTokens}", $"{AnswerTokens}", "1"];
        using var process = Process.Start(new ProcessStartInfo("node", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var line = output.Split('\n').LastOrDefault(line => line.StartsWith('{'))
            ?? throw new InvalidOperationException($"speed.mjs printed no result:\n{output}");
        using var result = JsonDocument.Parse(line);
        return (result.RootElement.GetProperty("backend").GetString()!, result.RootElement.GetProperty("prefill").GetDouble(), result.RootElement.GetProperty("decode").GetDouble());
    }
}
