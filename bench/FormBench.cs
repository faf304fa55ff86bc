using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Bench;

/// <summary>
/// What each form of weights costs and gives: mean negative log-likelihood of the golden text, bytes, memory, prefill and decode. Each form is measured
/// in a process of its own, so that the memory is its own too.
/// </summary>
internal static class FormBench
{
    private const int WindowTokens = 512;

    public static async Task RunAsync(string model, bool write)
    {
        var report = new Report(
            "forms", $"{model}: forms of weights, mean NLL over tests/fixtures/models/smollm2/text.txt", $"forms --model {model}",
            "form", "mean NLL", "MB on disk", "MB of memory", "prefill 512, tokens/s", "decode, tokens/s");
        foreach (var form in Enum.GetValues<WeightForm>())
        {
            using (await LoadAsync(model, form)) Console.Error.WriteLine($"{form} is converted …"); // here, so that its memory is not the child's
            var row = JsonSerializer.Deserialize<Measured>(await ChildAsync(model, form))!;
            if (form == WeightForm.Auto) report.Note(string.Create(CultureInfo.InvariantCulture, $"Auto is {row.Form} here ({CpuFeatures.This}); mean NLL {row.Nll:F5}."));
            else report.Row(row.Form, row.Nll.ToString("F5", CultureInfo.InvariantCulture), row.DiskMegabytes, row.MemoryMegabytes, row.Prefill, row.Decode);
        }

        report.Finish(write);
    }

    /// <summary>The child's part: one form, one line of JSON.</summary>
    public static async Task MeasureAsync(string model, WeightForm form)
    {
        using var client = await LoadAsync(model, form);
        var (prefill, decode) = await ChatBench.MeasureAsync(client);
        using var process = Process.GetCurrentProcess();
        var memory = process.PeakWorkingSet64 / 1e6;
        Console.WriteLine(JsonSerializer.Serialize(new Measured(client.Conversion.Form.ToString(), MeanNll(client), client.Conversion.Bytes / 1e6, memory, prefill, decode)));
    }

    private static Task<OnnxChatClient> LoadAsync(string model, WeightForm form) => OnnxChatClient.LoadAsync(
        new ModelLibrary(Path.Combine(Repository.Root, "models")).Find(model).Folder,
        Path.Combine(Repository.Root, ".domaintuning", "models"),
        new ChatEngineOptions { Form = form, ContextTokens = 1024, ParallelRequests = 1, Drafting = false, PrefixCacheBytes = 0 });

    private static double MeanNll(OnnxChatClient client)
    {
        using var session = new DecoderSession(client.Converted.Packed, slots: 1, WindowTokens, Environment.ProcessorCount);
        var text = File.ReadAllText(Path.Combine(Repository.Root, "tests", "fixtures", "models", "smollm2", "text.txt"));
        return -client.Format.Tokenizer.Encode(text).Select(token => token.Id).Chunk(WindowTokens).SelectMany(window => session.LogProbabilities(window, 1, CancellationToken.None)).Average();
    }

    private static async Task<string> ChildAsync(string model, WeightForm form)
    {
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["forms", "--model", model, "--only", form.ToString()]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output.Split('\n').LastOrDefault(line => line.StartsWith('{')) ?? throw new InvalidOperationException($"{form} of {model} could not be measured:\n{output}");
    }

    private sealed record Measured(string Form, double Nll, double DiskMegabytes, double MemoryMegabytes, double Prefill, double Decode);
}
