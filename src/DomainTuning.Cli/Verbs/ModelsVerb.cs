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
    /// <summary>A question, a handful of passages and an answer, in tokens: what a list computes the memory for.</summary>
    private const int ListContext = 4096;

    public static Command Create(Terminal terminal) => new("models", "List, show, add, remove and convert the models on this machine.")
    {
        List(terminal),
        Show(terminal),
        Add(terminal),
        Remove(terminal),
        ConvertModelVerb.Create(terminal),
    };

    private static Command List(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "a JSON array on standard output" };
        var (context, requests) = (Context($"{ListContext}"), Requests());
        var command = new Command("list", "List the models that are here.") { context, requests, json };
        var flags = new SettingsFlags(command);
        command.SetAction(parsed =>
        {
            var library = new ModelLibrary(flags.Workspace(parsed).ModelsFolder);
            var rows = library.List().Select(card => ModelRow.From(card, parsed.GetValue(context) ?? ListContext, parsed.GetValue(requests))).ToList();
            if (parsed.GetValue(json)) terminal.Out.WriteLine(JsonSerializer.Serialize(rows, CliJson.Default.IReadOnlyListModelRow));
            else Show(terminal, rows);
            foreach (var problem in library.Problems()) terminal.Error.WriteLine(problem);
            return CommandLine.Done;
        });
        return command;
    }

    private static Command Show(Terminal terminal)
    {
        var id = new Argument<string>("id") { Description = "as shown by models list" };
        var json = new Option<bool>("--json") { Description = "a JSON object on standard output" };
        var (context, requests) = (Context("what the model was trained for"), Requests());
        var command = new Command("show", "Show one model: licence, size, context, and the memory that it needs.") { id, context, requests, json };
        var flags = new SettingsFlags(command);
        command.SetAction(parsed =>
        {
            var card = new ModelLibrary(flags.Workspace(parsed).ModelsFolder).Find(parsed.GetValue(id)!);
            var details = ModelDetails.From(card, parsed.GetValue(context), parsed.GetValue(requests));
            if (parsed.GetValue(json)) terminal.Out.WriteLine(JsonSerializer.Serialize(details, CliJson.Default.ModelDetails));
            else Show(terminal, details);
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

    private static Option<int?> Context(string missing)
    {
        var option = new Option<int?>("--context") { Description = $"the tokens of context to compute the memory for (default: {missing})" };
        option.Validators.Add(result => RequirePositive(result, result.GetValueOrDefault<int?>()));
        return option;
    }

    private static Option<int> Requests()
    {
        var option = new Option<int>("--requests") { Description = "the answers written at once to compute the memory for", DefaultValueFactory = _ => 1 };
        option.Validators.Add(result => RequirePositive(result, result.GetValueOrDefault<int>()));
        return option;
    }

    private static void RequirePositive(System.CommandLine.Parsing.OptionResult result, int? value)
    {
        if (value < 1) result.AddError($"{result.Option.Name} is {value}, which must be 1 or more.");
    }

    private static void Show(Terminal terminal, List<ModelRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("model", "kind", "architecture", "parameters", "context", "on disk", "memory", "weights", "licence");
        foreach (var row in rows)
            table.AddRow(new[] { row.Id, row.Kind, row.Architecture, Count(row.Parameters), Tokens(row.ContextTokens), row.Size, row.MemoryBytes is { } bytes ? Size(bytes) : "", row.Weights, row.Licence }.Select(Markup.Escape).ToArray());
        terminal.Tables.Write(table);
    }

    private static void Show(Terminal terminal, ModelDetails model)
    {
        (string Name, string Value)[] lines =
        [
            ("model", model.Id), ("kind", model.Kind), ("architecture", model.Architecture), ("licence", model.Licence), ("source", model.Source), ("languages", string.Join(", ", model.Languages)),
            ("parameters", Count(model.Parameters)), ("weights", model.Weights), ("on disk", $"{Size(model.Bytes)} ({model.WeightsFile})"),
            ("vector", model.Dimensions is { } dimensions ? $"{dimensions} dimensions, pooling {model.Pooling}" : ""), ("longest input", Tokens(model.MaxTokens)),
            ("context", Tokens(model.ContextTokens)), ("chat template", model.Kind == "chat" ? model.ChatTemplate ?? "none: a base model" : ""), ("memory", model.Memory is { } memory ? Describe(memory) : ""),
        ];
        foreach (var (name, value) in lines)
            if (value.Length > 0)
                terminal.Out.WriteLine($"{name,-14}{value}");
    }

    private static string Describe(MemoryDetails memory)
    {
        var verdict = memory.Total <= memory.Available ? "fits" : memory.LargestContext > 0 ? $"does not fit, {Tokens(memory.LargestContext)} would" : "does not fit";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Size(memory.Total)} at {memory.ContextTokens} tokens × {memory.Requests} (weights {Size(memory.Weights)}, cache {Size(memory.Cache)}) of {Size(memory.Available)} here; {verdict}");
    }

    private static string Count(long? parameters) => parameters switch
    {
        null => "",
        < 1_000_000_000 and var count => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.#} million"),
        var count => string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.##} billion"),
    };

    private static string Tokens(int? count) => count is { } tokens ? string.Create(CultureInfo.InvariantCulture, $"{tokens} tokens") : "";

    private static string Size(long bytes) => bytes < 1_000_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB") : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB");

    private static string Describe(ModelCard card) => $"{card.Kind.ToString().ToLowerInvariant()}, {card.Architecture}, {Size(card.Files.Sum(file => file.Bytes))}, licence {card.Licence}";

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
/// <param name="MemoryBytes">What a chat model needs at the wanted context; null for other kinds, and where its files cannot be read.</param>
internal sealed record ModelRow(
    string Id, string Kind, string Architecture, string Size, long Bytes, string Weights, string Licence, string Source, long? Parameters, int? ContextTokens, long? MemoryBytes)
{
    public static ModelRow From(ModelCard card, int contextTokens, int requests)
    {
        var bytes = card.Files.Sum(file => file.Bytes);
        var size = card.Endpoint is null ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB") : "elsewhere";
        return new ModelRow(
            card.Id, card.Kind.ToString().ToLowerInvariant(), card.Architecture,
            size, bytes, card.Quantisation ?? "", card.Licence, card.Source,
            card.Parameters, card.ContextTokens, MemoryDetails.TotalOrNull(card, contextTokens, requests));
    }
}
