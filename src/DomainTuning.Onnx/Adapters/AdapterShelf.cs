using DomainTuning.Adapters;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// The adapters of one model that are in memory. An adapter is loaded when it is first asked for, loaded anew when its files have changed, and freed when it
/// is replaced, gone from the disk or idle while others are in use; a request keeps what it began with until it ends. Thread-safe.
/// </summary>
/// <param name="folders">Looked through at every request.</param>
/// <param name="load">Reads an adapter and makes it ready to run.</param>
/// <param name="retire">Completes when nothing uses the adapter any more; it is disposed then.</param>
internal sealed class AdapterShelf(AdapterFolders folders, Func<AdapterPlace, LoadedAdapter> load, Func<LoadedAdapter, Task> retire, TimeProvider clock)
{
    /// <summary>Adapters that stay loaded without a request. Default 16: r16 on a 135M model takes 30 MB.</summary>
    private const int MostIdle = 16;

    /// <summary>Files that changed so lately may not be whole yet; what was loaded before serves on if they cannot be read.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Held> held = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private long uses;

    public AdapterFolders Folders => folders;

    /// <summary>Names of the adapters in memory.</summary>
    public IReadOnlyList<string> Loaded
    {
        get
        {
            lock (gate) return [.. held.Where(pair => pair.Value.Loading.IsCompletedSuccessfully).Select(pair => pair.Key).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>As below, of a model that may have no adapters.</summary>
    public static Task<AdapterLease> TakeAsync(AdapterShelf? shelf, string name, string modelId, CancellationToken cancellationToken) =>
        shelf?.TakeAsync(name, cancellationToken) ?? throw new AdapterException($"There is no adapter '{name}': '{modelId}' was opened without a folder of adapters.");

    /// <summary>Takes an adapter for one request; dispose the lease at its end.</summary>
    /// <exception cref="AdapterException">There is none of that name, or it cannot be used; the message says why.</exception>
    public async Task<AdapterLease> TakeAsync(string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (mine, previous) = Look(name);
            try
            {
                await mine.Loading.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (AdapterException) when (previous is { IsGone: false } && clock.GetUtcNow() - mine.Stamp.Changed < Settling)
            {
                mine = previous;
            }

            lock (gate)
            {
                if (mine.IsGone) continue; // replaced between the look and here
                mine.Leases++;
                mine.LastUse = ++uses;
            }

            return new AdapterLease(mine.Loading.Result, () => Return(mine));
        }
    }

    /// <summary>What is on the shelf under a name, and what stood there before; begins to load when the files are new.</summary>
    private (Held Mine, Held? Previous) Look(string name)
    {
        AdapterPlace place;
        try
        {
            place = folders.Find(name);
        }
        catch (AdapterException)
        {
            lock (gate)
                if (held.Remove(name, out var gone)) Dismiss(gone);
            throw;
        }

        var stamp = FileStamp.Of(place);
        lock (gate)
        {
            var known = held.GetValueOrDefault(name);
            if (known is not null && known.Stamp == stamp) return (known, known.Previous);
            var previous = known is { Loading.IsFaulted: true } ? known.Previous : known;
            // Counted as used already: until its first request takes it, it must not be the one that was unused for longest.
            var mine = new Held(stamp, previous, Task.Run(() => load(place))) { LastUse = ++uses };
            held[name] = mine;
            _ = mine.Loading.ContinueWith(loading => Settle(mine, loading.IsCompletedSuccessfully), TaskScheduler.Default);
            return (mine, previous);
        }
    }

    private void Settle(Held mine, bool loaded)
    {
        lock (gate)
        {
            if (!loaded) return;
            if (mine.Previous is { } previous) Dismiss(previous);
            mine.Previous = null;
            var idle = held.Where(pair => pair.Value is { Leases: 0, Loading.IsCompletedSuccessfully: true } && pair.Value != mine).OrderBy(pair => pair.Value.LastUse).ToList();
            foreach (var (name, unused) in idle.Take(idle.Count - MostIdle + 1))
            {
                held.Remove(name);
                Dismiss(unused);
            }
        }
    }

    private void Return(Held mine)
    {
        lock (gate)
        {
            mine.Leases--;
            if (mine is { IsGone: true, Leases: 0 }) Free(mine);
        }
    }

    /// <summary>Takes it off the shelf; it is freed when its last lease ends.</summary>
    private void Dismiss(Held mine)
    {
        if (mine.Previous is { } previous) Dismiss(previous);
        mine.Previous = null;
        if (mine.IsGone) return;
        mine.IsGone = true;
        if (mine.Leases == 0) Free(mine);
    }

    private void Free(Held mine) => _ = mine.Loading.ContinueWith(
        async loading =>
        {
            if (!loading.IsCompletedSuccessfully) return;
            await retire(loading.Result).ConfigureAwait(false);
            loading.Result.Dispose();
        },
        TaskScheduler.Default);

    private sealed class Held(FileStamp stamp, Held? previous, Task<LoadedAdapter> loading)
    {
        public FileStamp Stamp => stamp;

        public Task<LoadedAdapter> Loading => loading;

        /// <summary>What serves until this is loaded.</summary>
        public Held? Previous { get; set; } = previous;

        public int Leases { get; set; }

        public long LastUse { get; set; }

        public bool IsGone { get; set; }
    }

    /// <summary>
    /// Tells whether an adapter's files have changed, at the price of a look at the folder. The small files are read: two versions of a card may have one
    /// length and, written within a tick of the system's clock, one time.
    /// </summary>
    private readonly record struct FileStamp(string Path, DateTimeOffset Changed, long Bytes, string Described)
    {
        public static FileStamp Of(AdapterPlace place)
        {
            FileInfo[] files = place.IsOnnxFile
                ? [new(place.Path)]
                : [.. new[] { PeftConfig.FileName, PeftFolder.TensorsName, AdapterCard.FileName }.Select(name => new FileInfo(System.IO.Path.Combine(place.Path, name))).Where(file => file.Exists)];
            return new FileStamp(place.Path, files.Max(file => file.LastWriteTimeUtc), files.Sum(file => file.Length), string.Concat(files.Where(file => file.Extension == ".json").Select(Read)));
        }

        private static string Read(FileInfo file)
        {
            try
            {
                return File.ReadAllText(file.FullName);
            }
            catch (IOException)
            {
                return ""; // being written or gone this moment: the next look finds it changed
            }
        }
    }
}

/// <summary>An adapter in use by one request.</summary>
internal sealed class AdapterLease(LoadedAdapter adapter, Action giveBack) : IDisposable
{
    private int returned;

    public LoadedAdapter Adapter => adapter;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref returned, 1) == 0) giveBack();
    }
}
