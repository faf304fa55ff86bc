using DomainTuning.Tuning.Runs;

namespace DomainTuning.Cli.Health;

/// <summary>Whether training can run here. It is a program of its own, so it is asked.</summary>
internal static class TrainerHealth
{
    public static async Task<HealthCheck> LookAsync(CancellationToken cancellationToken)
    {
        const string Area = "training";
        try
        {
            var (usable, text) = await TrainerProgram.Find().CheckAsync(cancellationToken);
            return usable ? HealthCheck.Ok(Area, text) : HealthCheck.Failed(Area, text);
        }
        catch (TrainingRunException missing) // nobody has trained yet, which is no fault
        {
            return HealthCheck.Warning(Area, missing.Message);
        }
    }
}
