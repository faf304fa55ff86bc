using System.Threading.RateLimiting;
using DomainTuning.Corpora;

namespace DomainTuning.Server.Api;

/// <summary>How many requests a key (without keys: an address) may make in a minute. Reading lists and files does not count; what keeps the models busy does.</summary>
internal sealed class RateLimits : IDisposable
{
    private readonly PartitionedRateLimiter<string>? limiter;

    public RateLimits(Settings settings)
    {
        if (settings.RequestsPerMinute == 0) return;
        limiter = PartitionedRateLimiter.Create<string, string>(who => RateLimitPartition.GetTokenBucketLimiter(who, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = settings.RequestsPerMinute,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromMinutes(1.0 / settings.RequestsPerMinute),
        }));
    }

    public ApiException? Refuse(HttpContext context)
    {
        if (limiter is null || !HttpMethods.IsPost(context.Request.Method)) return null;
        var name = Caller.Of(context).Name;
        using var lease = limiter.AttemptAcquire(name.Length > 0 ? name : "@" + context.Connection.RemoteIpAddress);
        if (lease.IsAcquired) return null;
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
        return new ApiException(429, "That is more requests a minute than this server takes from one caller. Wait, and ask again.", null, "rate_limit_exceeded") { RetryAfter = wait };
    }

    public void Dispose() => limiter?.Dispose();
}
