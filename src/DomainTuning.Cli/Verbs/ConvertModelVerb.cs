using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Corpora;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;
using Microsoft.Extensions.AI;

namespace DomainTuning.Cli.Verbs;

/// <summary>models convert: what the first use of a chat model would do, done now and with its numbers shown.</summary>
internal static class ConvertModelVerb
{
    private const int AnswerTokens = 48;

    public static Command Create(Terminal terminal)
    {
        var id = new Argument<string>("id") { Description = "a chat model, as shown by models list" };
        var form = new Option<WeightForm?>("--form") { Description = "how its weights are kept (default: the setting chatForm)" };
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("convert", "Convert a chat model for this machine now instead of at its first use; a broken conversion goes on where it stopped.") { id, form, json };
        var flags = new SettingsFlags(command, "threads");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (workspace, settings) = (flags.Workspace(parsed), flags.Settings(parsed));
            var card = new ModelLibrary(workspace.ModelsFolder).Find(parsed.GetValue(id)!);
            if (card.Endpoint is not null) throw new SettingsException($"'{card.Id}' is served elsewhere; there is nothing to convert. Name a chat model that lies here.");
            var options = new ChatEngineOptions
            {
                Form = parsed.GetValue(form) ?? Enum.Parse<WeightForm>(settings.ChatForm, ignoreCase: true),
                Threads = settings.Threads,
                ContextTokens = 1024,
                ParallelRequests = 1,
            };
            using var client = await terminal.WithConversionAsync(progress => OnnxChatClient.LoadAsync(card.Folder, workspace.ModelCacheFolder, options, progress, cancellationToken));
            var row = await MeasureAsync(card.Id, client, cancellationToken);
            await terminal.Out.WriteLineAsync(parsed.GetValue(json) ? JsonSerializer.Serialize(row, CliJson.Default.ConvertedRow) : row.ToString());
            return CommandLine.Done;
        });
        return command;
    }

    /// <summary>Reads a page and writes a few lines; the second of two times, when memory is warm.</summary>
    private static async Task<ConvertedRow> MeasureAsync(string id, OnnxChatClient client, CancellationToken cancellationToken)
    {
        var (reading, writing) = (0.0, 0.0);
        for (var repeat = 0; repeat < 2; repeat++)
        {
            ChatMessage[] messages = [new(ChatRole.User, $"{repeat}. Continue: " + string.Concat(Enumerable.Repeat("The pump is checked once a month, and its valves are cleaned. ", 24)))];
            var response = await client.GetResponseAsync(messages, new ChatOptions { Temperature = 0, MaxOutputTokens = AnswerTokens }, cancellationToken);
            reading = client.CountTokens(messages) / ((TimeSpan)response.AdditionalProperties![OnnxChatClient.TimeToFirstToken]!).TotalSeconds;
            writing = Convert.ToDouble(response.AdditionalProperties[OnnxChatClient.TokensPerSecond], CultureInfo.InvariantCulture);
        }

        var card = client.Conversion;
        return new ConvertedRow(id, card.Form, card.Bytes, card.Nll, card.ReferenceForm, card.ReferenceNll, card.Rejected, Math.Round(reading), Math.Round(writing, 1));
    }
}

/// <summary>A converted model for people and machines.</summary>
/// <param name="Nll">Nats a token on the check text.</param>
/// <param name="Reading">Tokens of a prompt a second.</param>
/// <param name="Writing">Tokens of an answer a second.</param>
internal sealed record ConvertedRow(
    string Id, WeightForm Form, long Bytes, double Nll, WeightForm? ReferenceForm, double? ReferenceNll, string? Rejected, double Reading, double Writing)
{
    public override string ToString()
    {
        var reference = ReferenceNll is null ? "" : string.Create(CultureInfo.InvariantCulture, $" ({ReferenceForm}: {ReferenceNll:F4})");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Id} as {Form}: {Bytes / 1e6:0.0} MB, {Nll:F4} nats a token on the check text{reference}, reads {Reading:0} and writes {Writing:0.0} tokens a second.{(Rejected is null ? "" : "\n" + Rejected.TrimEnd())}");
    }
}
