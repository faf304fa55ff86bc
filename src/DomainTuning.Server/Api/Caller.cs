using DomainTuning.Server.Keys;

namespace DomainTuning.Server.Api;

/// <summary>Who makes a request. Conversations and limits go by the name.</summary>
/// <param name="Name">The key's; empty where no key is needed.</param>
internal sealed record Caller(string Name, ApiScopes Scopes)
{
    private static readonly object Place = new();

    /// <summary>Whoever sits at this machine.</summary>
    public static Caller Local { get; } = new("", ApiScopes.Admin);

    public static Caller Of(HttpContext context) => context.Items[Place] as Caller ?? Local;

    public static void Set(HttpContext context, Caller caller) => context.Items[Place] = caller;
}
