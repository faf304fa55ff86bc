namespace DomainTuning.Cli.Health;

internal enum HealthState
{
    Ok,

    /// <summary>Works, but a person should know.</summary>
    Warning,

    /// <summary>Something a user asks for will not work; the message says what to do.</summary>
    Failed,
}

/// <summary>One thing that was looked at.</summary>
internal sealed record HealthCheck(string Area, HealthState State, string Message)
{
    public static HealthCheck Ok(string area, string message) => new(area, HealthState.Ok, message);

    public static HealthCheck Warning(string area, string message) => new(area, HealthState.Warning, message);

    public static HealthCheck Failed(string area, string message) => new(area, HealthState.Failed, message);
}

/// <summary>All that was looked at; healthy when nothing failed.</summary>
internal sealed record HealthReport(bool Healthy, IReadOnlyList<HealthCheck> Checks);
