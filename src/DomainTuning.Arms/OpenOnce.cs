using System.Collections.Concurrent;

namespace DomainTuning.Arms;

/// <summary>
/// Opens each costly thing on first use and keeps it; callers that come meanwhile wait for the same opening. A failed opening is not kept: the next
/// caller tries again, after the user has mended the cause. One caller's cancellation does not end an opening that others wait for.
/// </summary>
internal sealed class OpenOnce<T>(Func<string, CancellationToken, Task<T>> open)
    where T : class
{
    private readonly ConcurrentDictionary<string, Lazy<Task<T>>> opened = new(StringComparer.Ordinal);

    /// <summary>All that opened well so far.</summary>
    public IEnumerable<T> Opened =>
        opened.Values.Where(value => value.IsValueCreated && value.Value.IsCompletedSuccessfully).Select(value => value.Value.Result);

    public async Task<T> GetAsync(string key, CancellationToken cancellationToken)
    {
        var lazy = opened.GetOrAdd(key, key => new Lazy<Task<T>>(() => open(key, CancellationToken.None)));
        try
        {
            return await lazy.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch when (lazy.Value.IsFaulted)
        {
            opened.TryRemove(new KeyValuePair<string, Lazy<Task<T>>>(key, lazy));
            throw;
        }
    }
}
