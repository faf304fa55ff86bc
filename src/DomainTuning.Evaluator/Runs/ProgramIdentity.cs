using System.Reflection;

namespace DomainTuning.Evaluator.Runs;

/// <summary>Which build answers: builds are deterministic, so a module's id changes with its code. Another build answers anew, never from an older one's cache.</summary>
internal static class ProgramIdentity
{
    public static string Of(params Type[] types) => string.Join(' ', types.Select(type => type.Module).Distinct().Select(module => module.ModuleVersionId.ToString("N")[..12]));

    public static string Version => typeof(ProgramIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
