using Spectre.Console;

namespace DomainTuning.Cli;

/// <summary>Where a verb writes: results to <see cref="Out"/>, everything else to <see cref="Error"/>, tables and colours only where a person looks.</summary>
internal sealed class Terminal
{
    public Terminal(TextWriter output, TextWriter error)
    {
        Out = output;
        Error = error;
        Tables = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (Tables.Profile.Out.IsTerminal) return;
        // A pipe or a file has no width: a table is not folded there.
        Tables.Profile.Width = 200;
    }

    public TextWriter Out { get; }

    public TextWriter Error { get; }

    public IAnsiConsole Tables { get; }
}
