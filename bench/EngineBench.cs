using System.Diagnostics;
using System.Globalization;
using DomainTuning.Answering;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;
using Microsoft.Extensions.AI;

namespace DomainTuning.Bench;

/// <summary>
/// What the engine gains from serving several at once, from prefixes that it read before, and from drafts, each beside the same work without it in the
/// same run; and texts scored a second.
/// </summary>
internal static class EngineBench
{
    private const int AnswerTokens = 64;
    private const int Repeats = 4;
    private static readonly string[] Words =
        File.ReadAllText(Path.Combine(Repository.Root, "tests", "fixtures", "models", "smollm2", "text.txt")).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public static async Task RunAsync(string model, WeightForm form, bool write)
    {
        var card = new ModelLibrary(Path.Combine(Repository.Root, "models")).Find(model);
        Task<OnnxChatClient> OpenAsync(ChatEngineOptions options) =>
            OnnxChatClient.LoadAsync(card.Folder, Path.Combine(Repository.Root, ".domaintuning", "models"), options with { Form = form, ContextTokens = 2048 });
        using var fast = await OpenAsync(new ChatEngineOptions());
        using var plain = await OpenAsync(new ChatEngineOptions { PrefixCacheBytes = 0, Drafting = false });
        var report = new Report(
            "engine", $"{card.Id} ({card.Quantisation}), {fast.Conversion.Form}, {AnswerTokens} tokens out", $"engine --model {model} --form {form}", "what", "plain", "with it", "ratio");

        foreach (var context in new[] { 32, 512 })
        {
            var one = await AtOnceAsync(plain, 1, context);
            foreach (var clients in new[] { 2, 4, 8 })
            {
                var all = await AtOnceAsync(plain, clients, context);
                report.Row($"{clients} clients instead of 1, {context} tokens in: decode tokens/s in all", one, all, all / one);
            }
        }

        var (cold, warm) = (await FollowUpAsync(plain), await FollowUpAsync(fast));
        report.Row("prefix cache: first token of a follow-up on 1,000 tokens, ms", 1000 * cold, 1000 * warm, warm / cold);
        foreach (var (name, request) in new[] { ("quoting", "Repeat the text above word by word."), ("free", "Tell me a story about a dog and a lighthouse.") })
        {
            var (without, with) = (await DecodeAsync(plain, request), await DecodeAsync(fast, request));
            report.Row($"drafting, {name} answer: decode tokens/s", without, with, with / without);
        }

        report.Row("scoring 20 questions behind passages of 200 words: passages/s", "", await ScoringAsync(plain), "");
        report.Finish(write);
    }

    /// <summary>Tokens a second of all answers while all of them are being written: from the last first token on.</summary>
    private static async Task<double> AtOnceAsync(OnnxChatClient client, int clients, int contextWords)
    {
        var best = 0.0;
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            var stamps = await Task.WhenAll(Enumerable.Range(0, clients).Select(async i =>
            {
                var times = new List<long>();
                var prompt = $"Story {repeat}, {i}. Go on with this: {string.Join(' ', Words.Skip(7 * i).Take(contextWords * 2 / 3))}";
                await foreach (var update in client.GetStreamingResponseAsync(prompt, new ChatOptions { MaxOutputTokens = 4 * AnswerTokens, Temperature = 1, Seed = i }))
                    if (update.Text.Length > 0) times.Add(Stopwatch.GetTimestamp());
                return times;
            }));
            var (from, to) = (stamps.Max(times => times[0]), stamps.Min(times => times[^1]));
            if (to > from) best = Math.Max(best, stamps.Sum(times => times.Count(time => time > from && time <= to)) / Stopwatch.GetElapsedTime(from, to).TotalSeconds);
        }

        return best;
    }

    /// <summary>Seconds to the first token of the second turn, at best.</summary>
    private static async Task<double> FollowUpAsync(OnnxChatClient client)
    {
        var best = double.MaxValue;
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            List<ChatMessage> chat = [new(ChatRole.User, $"Text {repeat}: {string.Join(' ', Words.Take(690))}\n\nWhat is it about?")];
            var first = await client.GetResponseAsync(chat, new ChatOptions { MaxOutputTokens = 32 });
            chat.AddRange([new(ChatRole.Assistant, first.Text), new(ChatRole.User, "And what else?")]);
            var second = await client.GetResponseAsync(chat, new ChatOptions { MaxOutputTokens = 2 });
            best = Math.Min(best, ((TimeSpan)second.AdditionalProperties![OnnxChatClient.TimeToFirstToken]!).TotalSeconds);
        }

        return best;
    }

    private static async Task<double> DecodeAsync(OnnxChatClient client, string request)
    {
        var best = 0.0;
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            var response = await client.GetResponseAsync($"{string.Join(' ', Words.Skip(40).Take(300))}\n\n{request}", new ChatOptions { MaxOutputTokens = 3 * AnswerTokens });
            best = Math.Max(best, Convert.ToDouble(response.AdditionalProperties![OnnxChatClient.TokensPerSecond], CultureInfo.InvariantCulture));
        }

        return best;
    }

    private static async Task<double> ScoringAsync(OnnxChatClient client)
    {
        var scorer = client.GetService<TextScorer>()!;
        List<ScoringRequest> requests =
        [
            .. Enumerable.Range(0, 20).Select(i => new ScoringRequest(
                $"Passage: {string.Join(' ', Words.Skip(60 * i).Take(200))} Please write a question based on this passage. Question:", " What limits the feed rate of a rotary axis?")),
        ];
        return requests.Count / await Stopwatches.MedianSecondsAsync(3, () => scorer.ScoreAsync(requests));
    }
}
