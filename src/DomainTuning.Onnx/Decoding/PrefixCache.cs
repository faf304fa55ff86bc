using DomainTuning.Onnx.Adapters;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Decoding;

/// <summary>
/// Keys and values of prompts that were read before, in pages of <see cref="PageTokens"/> tokens. A page is found by what it depends on: the adapter
/// that computed it, all tokens before it, and its own; so a tree of pages, one root an adapter, as in vLLM's automatic prefix caching, but told apart by the
/// tokens themselves and not by a hash of them. The page that was not used for longest makes room. Not thread-safe.
/// </summary>
internal sealed class PrefixCache : IDisposable
{
    /// <summary>Small enough that at most a handful of shared tokens is read again, large enough that one copy moves kilobytes.</summary>
    public const int PageTokens = 32;

    private static readonly object NoAdapter = new();

    private readonly KeyValueCache cache;
    private readonly NativeBuffer<byte> memory;
    private readonly int pageBytes;
    private readonly Stack<int> free;
    private readonly Dictionary<object, Page> roots = new(ReferenceEqualityComparer.Instance);
    private readonly LinkedList<Page> byUse = []; // last used first; a page comes before those that continue it, so the last one has none

    /// <param name="cache">Whose slots are filled and read.</param>
    /// <param name="bytes">Memory that pages may take; the system hands it out as it is used.</param>
    public PrefixCache(KeyValueCache cache, long bytes)
    {
        this.cache = cache;
        pageBytes = PageTokens * cache.TokenBytes;
        Pages = (int)Math.Min(int.MaxValue, bytes / pageBytes);
        memory = new NativeBuffer<byte>((long)Pages * pageBytes);
        free = new Stack<int>(Enumerable.Range(0, Pages).Reverse());
    }

    /// <summary>Pages that fit.</summary>
    public int Pages { get; }

    /// <summary>Pages that hold something.</summary>
    public int UsedPages => byUse.Count;

    /// <summary>Copies into a slot what is known about the beginning of a text.</summary>
    /// <param name="tokens">The text, as far as it may come from here.</param>
    /// <param name="have">Tokens that the slot holds already.</param>
    /// <returns>Tokens that the slot holds now.</returns>
    public int Load(LoadedAdapter? adapter, ReadOnlySpan<int> tokens, int slot, int have)
    {
        var chain = Chain(adapter, tokens);
        Touch(chain);
        for (var i = have / PageTokens; i < chain.Count; i++)
            cache.CopyIn(slot, i * PageTokens, PageTokens, memory.Span((long)chain[i].Place * pageBytes, pageBytes));
        return Math.Max(have, chain.Count * PageTokens);
    }

    /// <summary>Keeps what a slot holds of a text, whole pages only.</summary>
    public void Store(LoadedAdapter? adapter, ReadOnlySpan<int> tokens, int slot)
    {
        var chain = Chain(adapter, tokens);
        Touch(chain);
        var parent = chain.Count > 0 ? chain[^1] : Root(adapter);
        for (var start = chain.Count * PageTokens; start + PageTokens <= tokens.Length; start += PageTokens)
        {
            if (free.Count == 0 && !DropLeastUsed(parent)) return;
            var page = new Page(parent, new PageKey(tokens.Slice(start, PageTokens).ToArray()), free.Pop());
            cache.CopyOut(slot, start, PageTokens, memory.Span((long)page.Place * pageBytes, pageBytes));
            parent.Continuations.Add(page.Key, page);
            if (parent.Use.List is null) byUse.AddFirst(page.Use);
            else byUse.AddAfter(parent.Use, page.Use);
            parent = page;
        }
    }

    /// <summary>Drops all that was computed under an adapter.</summary>
    public void Forget(LoadedAdapter? adapter)
    {
        if (!roots.Remove(adapter ?? NoAdapter, out var root)) return;
        var left = new Stack<Page>(root.Continuations.Values);
        while (left.TryPop(out var page))
        {
            foreach (var next in page.Continuations.Values) left.Push(next);
            byUse.Remove(page.Use);
            free.Push(page.Place);
        }
    }

    public void Dispose() => memory.Dispose();

    /// <summary>The pages that hold the beginning of a text.</summary>
    private List<Page> Chain(LoadedAdapter? adapter, ReadOnlySpan<int> tokens)
    {
        var chain = new List<Page>();
        var page = Root(adapter);
        for (; tokens.Length >= PageTokens; tokens = tokens[PageTokens..])
        {
            if (!page.Continuations.TryGetValue(new PageKey(tokens[..PageTokens].ToArray()), out var next)) break;
            chain.Add(page = next);
        }

        return chain;
    }

    private Page Root(LoadedAdapter? adapter)
    {
        if (!roots.TryGetValue(adapter ?? NoAdapter, out var root)) roots[adapter ?? NoAdapter] = root = new Page(null, default, -1);
        return root;
    }

    private void Touch(List<Page> chain)
    {
        for (var i = chain.Count - 1; i >= 0; i--)
        {
            byUse.Remove(chain[i].Use);
            byUse.AddFirst(chain[i].Use);
        }
    }

    /// <param name="needed">The page to be continued; when it is the least used itself, the text is longer than the cache.</param>
    private bool DropLeastUsed(Page needed)
    {
        if (byUse.Last?.Value is not { } page || page == needed) return false;
        byUse.RemoveLast();
        page.Parent!.Continuations.Remove(page.Key);
        free.Push(page.Place);
        return true;
    }

    private sealed class Page
    {
        public Page(Page? parent, PageKey key, int place)
        {
            (Parent, Key, Place) = (parent, key, place);
            Use = new LinkedListNode<Page>(this);
        }

        public Page? Parent { get; }

        public PageKey Key { get; }

        /// <summary>Where in the memory; -1 for a root, which holds nothing.</summary>
        public int Place { get; }

        public Dictionary<PageKey, Page> Continuations { get; } = [];

        public LinkedListNode<Page> Use { get; }
    }

    /// <summary>The tokens of a page.</summary>
    private readonly struct PageKey(int[] tokens) : IEquatable<PageKey>
    {
        private readonly int[] tokens = tokens;

        public bool Equals(PageKey other) => tokens.AsSpan().SequenceEqual(other.tokens);

        public override bool Equals(object? obj) => obj is PageKey other && Equals(other);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(tokens.AsSpan()));
            return hash.ToHashCode();
        }
    }
}
