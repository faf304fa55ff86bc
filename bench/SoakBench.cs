using System.Diagnostics;
using System.Globalization;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;
using Microsoft.Extensions.AI;

namespace DomainTuning.Bench;

/// <summary>
/// Thousands of mixed requests over the plain model and four adapters, some given up halfway, from eight clients at once. Each arm answers each question
/// alone first; an answer of the soak must be its own arm's, and none another's. Drafts are off: in 8-bit forms they round near ties the other way
/// (docs/log.md). What is like none of the answers is counted too; --form float32, which does not round, must give 0.
/// </summary>
internal static class SoakBench
{
    private const int Clients = 8;
    private const int AnswerTokens = 16;
    private const int Adapters = 4;

    private static readonly string[] Questions =
    [
        "Name three parts of a pump.", "What is a spindle?", "Write one sentence about oil.", "How is a bearing greased?", "Why does steel rust?", "What does a fuse do?",
        "Describe a gearbox.", "What is a servo motor?", "Count from one to five.", "Give the first law of motion.",
    ];

    public static async Task RunAsync(string model, int requests, WeightForm form, bool write)
    {
        var card = new ModelLibrary(Path.Combine(Repository.Root, "models")).Find(model);
        var root = Directory.CreateTempSubdirectory("domaintuning-soak-").FullName;
        try
        {
            using var client = await OnnxChatClient.LoadAsync(
                card.Folder, Path.Combine(Repository.Root, ".domaintuning", "models"), new ChatEngineOptions { Form = form, ContextTokens = 1024, Drafting = false, Adapters = new AdapterFolders(card.Id, root) });
            for (var i = 0; i < Adapters; i++) RandomAdapter.Write(Path.Combine(root, $"a{i}"), client.Conversion.Shape, rank: 8, seed: i, strength: 0.06f);
            string[] arms = [client.ModelId, .. Enumerable.Range(0, Adapters).Select(i => $"{client.ModelId}:a{i}")];
            var alone = new Dictionary<(string Arm, string Question), string>();
            foreach (var arm in arms)
                foreach (var question in Questions) alone[(arm, question)] = await AnswerAsync(client, arm, question, default);

            var (own, mixed, likeNone, givenUp, lost) = (0, 0, 0, 0, 0);
            var (next, done) = (-1, 0);
            var (before, watch) = (Machine.ResidentMegabytes(), Stopwatch.StartNew());
            var middle = before;
            await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
            {
                for (int i; (i = Interlocked.Increment(ref next)) < requests;)
                {
                    var (arm, question) = (arms[i * 7 % arms.Length], Questions[i * 3 % Questions.Length]);
                    using var source = new CancellationTokenSource();
                    if (i % 10 == 9) source.CancelAfter(i % 97);
                    try
                    {
                        var answer = await AnswerAsync(client, arm, question, source.Token);
                        if (answer == alone[(arm, question)]) Interlocked.Increment(ref own);
                        else if (arms.Any(other => other != arm && answer == alone[(other, question)])) Interlocked.Increment(ref mixed);
                        else Interlocked.Increment(ref likeNone);
                    }
                    catch (OperationCanceledException)
                    {
                        Interlocked.Increment(ref givenUp);
                    }
                    catch (Exception error) when (error is not OutOfMemoryException)
                    {
                        Interlocked.Increment(ref lost);
                        await Console.Error.WriteLineAsync(error.Message);
                    }

                    if (Interlocked.Increment(ref done) == requests / 2) middle = Machine.ResidentMegabytes();
                }
            })));

            var report = new Report(
                form == WeightForm.Auto ? "soak" : $"soak-{form}".ToLowerInvariant(), $"{card.Id} ({client.Conversion.Form}): {requests} requests over {arms.Length} arms from {Clients} clients, one in ten given up", $"soak --model {model} --requests {requests} --form {form}",
                "like its own arm alone", "like another arm (mixed)", "like none", "given up", "lost", "requests/s", "memory before / halfway / after, MB");
            report.Row(own, mixed, likeNone, givenUp, lost, requests / watch.Elapsed.TotalSeconds, string.Create(CultureInfo.InvariantCulture, $"{before:0} / {middle:0} / {Machine.ResidentMegabytes():0}"));
            report.Finish(write);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<string> AnswerAsync(OnnxChatClient client, string arm, string question, CancellationToken cancellationToken) =>
        (await client.GetResponseAsync(question, new ChatOptions { ModelId = arm, MaxOutputTokens = AnswerTokens }, cancellationToken)).Text;
}
