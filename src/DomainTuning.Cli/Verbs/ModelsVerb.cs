using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Endpoints;
using Spectre.Console;

namespace DomainTuning.Cli.Verbs;

/// <summary>models: what is in the library, and how something else gets in or out.</summary>
internal static class ModelsVerb
{
    public static Command Create(Terminal terminal) => new("models", "List, add, remove and convert the models on this machine.")
    {
        List(terminal),
        Add(terminal),
        Remove(terminal),
        ConvertModelVerb.Create(terminal),
    };

    private static Command List(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "a JSON array on standard output" };
        var command = new Command("list", "Show the models that are here.") { json };
        var flags = new SettingsFlags(command);
        command.SetAction(parsed =>
        {
            var library = new ModelLibrary(flags.Workspace(parsed).ModelsFolder);
            var rows = library.List().Select(ModelRow.From).ToList();
            if (parsed.GetValue(json)) terminal.Out.WriteLine(JsonSerializer.Serialize(rows, CliJson.Default.IReadOnlyListModelRow));
            else Show(terminal, rows);
            foreach (var problem in library.Problems()) terminal.Error.WriteLine(problem);
            return CommandLine.Done;
        });
        return command;
    }

    private static Command Add(Terminal terminal)
    {
        var source = new Argument<string>("source") { Description = "owner/name[@revision][:file] on Hugging Face, a local folder, a .gguf file, or http://host/v1#name of a model that another server runs" };
        var id = new Option<string?>("--id") { Description = "its name here (default: from the source)" };
        var file = new Option<string?>("--file") { Description = "which of several weight files to take" };
        var pooling = new Option<string?>("--pooling") { Description = "cls, mean or last, where an encoder's own files do not say" };
        var queryPrefix = new Option<string?>("--query-prefix") { Description = "what an encoder wants before every question" };
        var passagePrefix = new Option<string?>("--passage-prefix") { Description = "what an encoder wants before every passage" };
        var maxTokens = new Option<int?>("--max-tokens") { Description = "an encoder's longest input, where its own files do not say" };
        var kind = new Option<ModelKind>("--kind") { Description = "of a model on another server: chat or encoder", DefaultValueFactory = _ => ModelKind.Chat };
        var keyVariable = new Option<string?>("--key-variable") { Description = "the environment variable that holds the other server's key" };
        var context = new Option<int?>("--context") { Description = "tokens that prompt and answer may have together on the other server" };
        var command = new Command("add", "Add a chat model, an encoder or a reranker; a broken download goes on where it stopped.")
        {
            source, id, file, pooling, queryPrefix, passagePrefix, maxTokens, kind, keyVariable, context,
        };
        var flags = new SettingsFlags(command, "offline");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var library = new ModelLibrary(flags.Workspace(parsed).ModelsFolder);
            if (Uri.TryCreate(parsed.GetValue(source), UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
            {
                var elsewhere = new EndpointRequest(
                    new Uri(address.GetLeftPart(UriPartial.Path)), address.Fragment.Length > 1 ? Uri.UnescapeDataString(address.Fragment[1..]) : null, parsed.GetValue(kind), parsed.GetValue(id),
                    parsed.GetValue(keyVariable), parsed.GetValue(context), parsed.GetValue(maxTokens), parsed.GetValue(queryPrefix), parsed.GetValue(passagePrefix));
                var tried = await EndpointSurvey.ExamineAsync(elsewhere, new EndpointOptions { Offline = flags.Settings(parsed).Offline }, cancellationToken);
                return await AddedAsync(library.AddEndpoint(tried));
            }

            var options = new AddModelOptions
            {
                Id = parsed.GetValue(id),
                File = parsed.GetValue(file),
                Pooling = parsed.GetValue(pooling),
                QueryPrefix = parsed.GetValue(queryPrefix),
                PassagePrefix = parsed.GetValue(passagePrefix),
                MaxTokens = parsed.GetValue(maxTokens),
                Offline = flags.Settings(parsed).Offline,
            };
            var card = await terminal.WithProgressAsync("fetching", bar =>
                library.AddAsync(parsed.GetValue(source)!, options, new AddProgressOn(bar), cancellationToken));
            return await AddedAsync(card);

            async Task<int> AddedAsync(ModelCard added)
            {
                await terminal.Out.WriteLineAsync($"Added {added.Id}: {Describe(added)}. Use it with {Use(added)}.");
                return CommandLine.Done;
            }
        });
        return command;
    }

    private static Command Remove(Terminal terminal)
    {
        var id = new Argument<string>("id") { Description = "as shown by models list" };
        var command = new Command("remove", "Delete a model and its files.") { id };
        var flags = new SettingsFlags(command);
        command.SetAction(parsed =>
        {
            new ModelLibrary(flags.Workspace(parsed).ModelsFolder).Remove(parsed.GetValue(id)!);
            terminal.Out.WriteLine($"Removed {parsed.GetValue(id)}.");
            return CommandLine.Done;
        });
        return command;
    }

    private static void Show(Terminal terminal, List<ModelRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("model", "kind", "architecture", "size", "weights", "licence");
        foreach (var row in rows)
            table.AddRow(new[] { row.Id, row.Kind, row.Architecture, row.Size, row.Weights, row.Licence }.Select(Markup.Escape).ToArray());
        terminal.Tables.Write(table);
    }

    private static string Describe(ModelCard card) => $"{card.Kind.ToString().ToLowerInvariant()}, {card.Architecture}, {ModelRow.From(card).Size}, licence {card.Licence}";

    private static string Use(ModelCard card) => card.Kind switch
    {
        ModelKind.Chat => $"--chat-model {card.Id}",
        ModelKind.Encoder => $"ingest --embedder {card.Id} --rebuild",
        _ => $"--reranker {card.Id}",
    };

    private sealed class AddProgressOn(IProgress<TransferProgress> bar) : IProgress<AddProgress>
    {
        public void Report(AddProgress value) => bar.Report(new TransferProgress(value.File, value.Bytes, value.TotalBytes));
    }
}

/// <summary>A model for people and machines.</summary>
internal sealed record ModelRow(string Id, string Kind, string Architecture, string Size, long Bytes, string Weights, string Licence, string Source)
{
    public static ModelRow From(ModelCard card)
    {
        var bytes = card.Files.Sum(file => file.Bytes);
        var size = card.Endpoint is null ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB") : "elsewhere";
        return new ModelRow(
            card.Id, card.Kind.ToString().ToLowerInvariant(), card.Architecture,
            size, bytes, card.Quantisation ?? "", card.Licence, card.Source);
    }
}
