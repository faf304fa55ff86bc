using System.ComponentModel;
using System.Diagnostics;

namespace DomainTuning.Stores.Qdrant;

/// <summary>
/// One writer an index, across machines: its token stands in the state, with a promise to write again within a minute. A writer whose process has ended on this
/// machine is given up at once, one elsewhere when its promise has run out. One that was given up and still lives is stopped by the condition of its next commit.
/// </summary>
internal static class WriterToken
{
    public static TimeSpan Promise { get; } = TimeSpan.FromSeconds(60);

    public static TimeSpan Renewal { get; } = TimeSpan.FromSeconds(20);

    public static string New() => $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():N}";

    /// <summary>Who this process is, for the message that another one gets.</summary>
    public static string Describe() => $"process {Environment.ProcessId} ({Path.GetFileName(Environment.ProcessPath)}) on {Environment.MachineName}";

    public static long PromisedUntil() => (TimeProvider.System.GetUtcNow() + Promise).ToUnixTimeMilliseconds();

    public static bool IsHeld(IndexState state) =>
        state.Token.Length > 0 && state.WriterUntil > TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() && !HasEndedHere(state.Token);

    private static bool HasEndedHere(string token)
    {
        if (token.Split('/') is not [var machine, var process, _] || machine != Environment.MachineName || !int.TryParse(process, out var id)) return false;
        try
        {
            using var running = Process.GetProcessById(id);
            return running.HasExited;
        }
        catch (ArgumentException)
        {
            return true;
        }
        catch (Win32Exception)
        {
            // It runs under another user.
            return false;
        }
    }
}
