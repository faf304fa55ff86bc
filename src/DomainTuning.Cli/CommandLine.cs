using System.CommandLine;
using System.CommandLine.Invocation;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints;
using DomainTuning.Cli.Verbs;
using DomainTuning.Corpora;
using DomainTuning.Endpoints;
using DomainTuning.Evaluator.Beir;
using DomainTuning.Evaluator.Runs;
using DomainTuning.Indexing;
using DomainTuning.Ingest;
using DomainTuning.Onnx;
using DomainTuning.Training;
using DomainTuning.Tuning.Runs;
using DomainTuning.Arms;
using DomainTuning.Tuning.Examples;

namespace DomainTuning.Cli;

/// <summary>All verbs, and what becomes of their errors: 0 done, 1 failed, 2 misused. Every error is one sentence with its remedy.</summary>
internal static class CommandLine
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Misused = 2;

    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var parsed = Create(new Terminal(output, error)).Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            foreach (var problem in parsed.Errors) await error.WriteLineAsync(problem.Message);
            await error.WriteLineAsync($"See domaintuning {string.Join(' ', VerbsOf(parsed).Append("--help"))}.");
            return Misused;
        }

        var configuration = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        try
        {
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await error.WriteLineAsync("Stopped.");
            return Failed;
        }
        catch (Exception e) when (e is SettingsException or UnknownArmException or FormatException or ArgumentException)
        {
            await error.WriteLineAsync(e.Message);
            return Misused;
        }
        catch (Exception e) when (IsExpected(e))
        {
            await error.WriteLineAsync(e.Message);
            return Failed;
        }
    }

    /// <summary>Failures whose message tells a user what to do; anything else is our fault and keeps its stack trace.</summary>
    public static bool IsExpected(Exception e) =>
        e is SettingsException or UnknownArmException or IndexException or CheckpointException or ModelException or EndpointException or AdapterException or QuestionFileException or BeirException or EvaluationException or ExampleException or TrainingException or TrainingRunException or IOException or UnauthorizedAccessException;

    public static RootCommand Create(Terminal terminal)
    {
        var root = new RootCommand("Turns a folder of PDFs into a system that answers questions about them, on this machine, with quotes checked against the page.")
        {
            UpVerb.Create(terminal),
            IngestCommand.Create(),
            SearchVerb.Create(terminal),
            AskVerb.Create(terminal),
            ServeVerb.Create(terminal),
            TrainVerb.Create(terminal),
            RunsVerb.Create(terminal),
            McpVerb.Create(terminal),
            KeysVerb.Create(terminal),
            EvaluateVerb.Create(terminal),
            AdviseVerb.Create(terminal),
            QuestionsVerb.Create(terminal),
            ExamplesVerb.Create(terminal),
            IndexVerb.Create(terminal),
            ModelsVerb.Create(terminal),
            AdaptersVerb.Create(terminal),
            DoctorVerb.Create(terminal),
        };
        return root;
    }

    private static Stack<string> VerbsOf(ParseResult parsed)
    {
        var verbs = new Stack<string>();
        for (var command = parsed.CommandResult; command?.Parent is System.CommandLine.Parsing.CommandResult parent; command = parent) verbs.Push(command.Command.Name);
        return verbs;
    }
}
