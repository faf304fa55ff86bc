namespace DomainTuning.Onnx.Adapters;

/// <summary>A linear layer of the graph that an adapter can change.</summary>
internal enum AdapterSite
{
    /// <summary>Query, key and value, which read one input.</summary>
    Qkv,
    Output,

    /// <summary>Gate and up, which read one input.</summary>
    GateUp,
    Down,
    Embedding,
    Head,
}

/// <summary>How an adapter changes a linear layer: y = scale · (x Wᵀ + (x A) B) + b + delta.</summary>
internal enum AdapterChange
{
    /// <summary>Inputs ".lora_a" [columns, rank] and ".lora_b" [rank, rows], the scaling folded into B (arXiv 2106.09685).</summary>
    LowRank,

    /// <summary>Input ".row_scale" [rows]: DoRA's magnitude over the norm of each row.</summary>
    RowScale,

    /// <summary>Input ".bias_delta" [rows], added to what is there.</summary>
    Bias,

    /// <summary>Input ".table" [rows, columns] in place of the whole matrix.</summary>
    Table,
}

/// <summary>
/// Which inputs a graph has for adapters, and their names. Every combination is a graph of its own over the same weights, because inputs that nothing is
/// bound to still cost time. Bottleneck adapters, prompt and prefix tuning are to become further changes: a site after Down, rows before the embedding's,
/// a filled cache.
/// </summary>
internal readonly record struct AdapterParts(int Bits)
{
    private static readonly string[] SiteNames = ["attn_qkv", "attn_output", "ffn_gate_up", "ffn_down", "token_embd", "output"];
    private static readonly string[] Suffixes = [".row_scale", ".bias_delta", ".table"];

    /// <summary>The model as it is.</summary>
    public static AdapterParts None => default;

    public bool Has(AdapterSite site, AdapterChange change) => (Bits & Bit(site, change)) != 0;

    public AdapterParts With(AdapterSite site, AdapterChange change) => new(Bits | Bit(site, change));

    /// <summary>The name of a linear layer, to which a change's suffix is added: "blk.3.attn_qkv", "token_embd".</summary>
    public static string Name(AdapterSite site, int layer) => site < AdapterSite.Embedding ? $"blk.{layer}.{SiteNames[(int)site]}" : SiteNames[(int)site];

    public static string A(string linear) => linear + ".lora_a";

    public static string B(string linear) => linear + ".lora_b";

    /// <param name="change">Not LowRank, which has two.</param>
    public static string Input(string linear, AdapterChange change) => linear + Suffixes[(int)change - 1];

    /// <summary>The parts that these inputs make; null where a name is none of an adapter's.</summary>
    public static AdapterParts? Of(IEnumerable<string> inputs)
    {
        var parts = None;
        foreach (var input in inputs)
        {
            var dot = input.LastIndexOf('.');
            var site = dot < 0 ? -1 : Array.FindIndex(SiteNames, name => input.AsSpan(0, dot).EndsWith(name) && (input.StartsWith("blk.", StringComparison.Ordinal) || dot == name.Length));
            if (site < 0) return null;
            var suffix = input[dot..];
            var change = suffix is ".lora_a" or ".lora_b" ? 0 : Array.IndexOf(Suffixes, suffix) + 1;
            if (change == 0 && suffix is not (".lora_a" or ".lora_b")) return null;
            parts = parts.With((AdapterSite)site, (AdapterChange)change);
        }

        return parts;
    }

    private static int Bit(AdapterSite site, AdapterChange change) => 1 << ((int)site * 4 + (int)change);
}
