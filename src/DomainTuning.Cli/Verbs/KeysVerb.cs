using System.CommandLine;
using System.Globalization;
using DomainTuning.Server.Keys;
using Spectre.Console;

namespace DomainTuning.Cli.Verbs;

/// <summary>keys: who may use the server of this workspace from other machines, and for what.</summary>
internal static class KeysVerb
{
    private static readonly Dictionary<string, ApiScopes> Scopes = new() { ["ask"] = ApiScopes.Ask, ["ingest"] = ApiScopes.Ingest, ["admin"] = ApiScopes.Admin };

    public static Command Create(Terminal terminal) => new("keys", "Make, list and remove the API keys of this workspace's server.")
    {
        Add(terminal),
        List(terminal),
        Remove(terminal),
    };

    private static Command Add(Terminal terminal)
    {
        var name = new Argument<string>("name") { Description = "whose key it is" };
        var scopes = new Option<string[]>("--scope")
        {
            Description = "what it opens: ask (questions, search, reading), ingest (upload, delete), admin (everything); may be repeated",
            DefaultValueFactory = _ => ["ask"],
        };
        scopes.AcceptOnlyFromAmong([.. Scopes.Keys]);
        var command = new Command("add", "Make a key. It is shown once; only its hash is kept.") { name, scopes };
        var flags = new SettingsFlags(command);
        command.SetAction(parsed =>
        {
            var given = parsed.GetValue(scopes)!.Aggregate(ApiScopes.None, (all, scope) => all | Scopes[scope]);
            var key = new ApiKeyFile(flags.Workspace(parsed).KeysFile).Add(parsed.GetValue(name)!, given, TimeProvider.System);
            terminal.Error.WriteLine($"The key of '{parsed.GetValue(name)}' ({Text(given)}). Write it down: it is not shown again. Requests carry it as Authorization: Bearer …");
            terminal.Out.WriteLine(key);
            return CommandLine.Done;
        });
        return command;
    }

    private static Command List(Terminal terminal)
    {
        var command = new Command("list", "Show whose keys there are, and what they open.");
        var flags = new SettingsFlags(command);
        command.SetAction(parsed =>
        {
            var keys = new ApiKeyFile(flags.Workspace(parsed).KeysFile).List();
            if (keys.Count == 0)
            {
                terminal.Out.WriteLine("There are no keys. The server answers whoever sits at this machine, and nobody else.");
                return CommandLine.Done;
            }

            var table = new Table().Border(TableBorder.Simple).AddColumns("name", "scopes", "made");
            foreach (var key in keys) table.AddRow(new[] { key.Name, Text(key.Scopes), key.CreatedAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) }.Select(Markup.Escape).ToArray());
            terminal.Tables.Write(table);
            return CommandLine.Done;
        });
        return command;
    }

    private static Command Remove(Terminal terminal)
    {
        var name = new Argument<string>("name") { Description = "as shown by keys list" };
        var command = new Command("remove", "Take a key back. A running server refuses it from the next request on.") { name };
        var flags = new SettingsFlags(command);
        command.SetAction(parsed =>
        {
            if (!new ApiKeyFile(flags.Workspace(parsed).KeysFile).Remove(parsed.GetValue(name)!))
                throw new FormatException($"There is no key named '{parsed.GetValue(name)}'. `domaintuning keys list` shows those that there are.");
            terminal.Out.WriteLine($"Removed the key of '{parsed.GetValue(name)}'.");
            return CommandLine.Done;
        });
        return command;
    }

    private static string Text(ApiScopes scopes) => scopes.ToString().ToLowerInvariant();
}
