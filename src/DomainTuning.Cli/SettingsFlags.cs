using System.CommandLine;
using DomainTuning.Corpora;

namespace DomainTuning.Cli;

/// <summary>The flags of those settings that a verb uses, and the settings and workspace that a command line asks for.</summary>
internal sealed class SettingsFlags
{
    private readonly Option<DirectoryInfo?> workspace = new("--workspace")
    {
        Description = "the folder with corpora/, models/ and .domaintuning/ (default: the nearest one above)",
    };

    private readonly Dictionary<string, Option<string?>> flags;

    /// <param name="command">Gets one option a key.</param>
    /// <param name="keys">Names of <see cref="Settings.Keys"/>.</param>
    public SettingsFlags(Command command, params string[] keys)
    {
        flags = keys.ToDictionary(name => name, name =>
        {
            var key = Corpora.Settings.Keys.Single(key => key.Name == name);
            // A flag without a value switches on what is true or false.
            var option = new Option<string?>(key.Flag) { Description = key.Description, HelpName = name };
            if (key.Read(new Corpora.Settings()) is "true" or "false") option.Arity = ArgumentArity.ZeroOrOne;
            return option;
        });
        command.Options.Add(workspace);
        foreach (var option in flags.Values) command.Options.Add(option);
    }

    public Workspace Workspace(ParseResult parsed) => parsed.GetValue(workspace) is { } folder
        ? folder.Exists ? new Workspace(folder.FullName) : throw new SettingsException($"--workspace {folder} does not exist.")
        : Corpora.Workspace.Find(Environment.CurrentDirectory);

    public Settings Settings(ParseResult parsed)
    {
        var given = flags.Where(flag => parsed.GetResult(flag.Value) is { Implicit: false })
            .ToDictionary(flag => flag.Key, flag => parsed.GetValue(flag.Value) ?? "true");
        return Corpora.Settings.Load(Workspace(parsed).SettingsFile, Corpora.Settings.ProcessVariables(), given);
    }
}
