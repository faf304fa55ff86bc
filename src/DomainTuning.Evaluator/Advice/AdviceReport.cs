namespace DomainTuning.Evaluator.Advice;

/// <summary>What an advice can speak for.</summary>
public static class Routes
{
    public const string Retrieval = "retrieval";
    public const string Adapter = "adapter";
    public const string Both = "both";
    public const string ContinuedPretraining = "continued pre-training";
    public const string Scratch = "from scratch";
}

/// <summary>One measurement and what follows from it.</summary>
/// <param name="Measurement">What was measured or assumed, with its number.</param>
/// <param name="Rule">The rule that was applied.</param>
/// <param name="SpeaksFor">One of <see cref="Routes"/>; null where the rule speaks for none.</param>
/// <param name="Override">What to type to put another value in its place.</param>
public sealed record AdviceLine(string Measurement, string Rule, string? SpeaksFor, string Override);

/// <summary>A side of the picture: how much there is of it, from 0 to 1, and what that is made of.</summary>
public sealed record AdviceSide(string Name, double Extent, string MadeOf);

/// <summary>The measured facts about a corpus and a machine, and the route that they speak for.</summary>
/// <param name="Sides">Knowledge complexity, data scale, compute.</param>
/// <param name="Hours">What each route takes on this machine.</param>
/// <param name="Route">One of <see cref="Routes"/>.</param>
/// <param name="Why">The reasons, most weighty first.</param>
/// <param name="Next">Commands that follow.</param>
/// <param name="Seconds">That measuring took.</param>
public sealed record AdviceReport(
    CorpusSurvey Survey, IReadOnlyList<AdviceLine> Lines, IReadOnlyList<AdviceSide> Sides, IReadOnlyList<TrainingHours> Hours, string Route, IReadOnlyList<string> Why,
    IReadOnlyList<string> Next, double Seconds);
