using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Trainer.Data;

/// <summary>Text that has nothing to do with the corpus, cut into windows whose every token but the first is a label: what a model forgets shows in its perplexity there.</summary>
internal static class GeneralText
{
    private const int WindowTokens = 256;

    /// <summary>Two thousand tokens tell a change of one per cent, and cost a 135M model ten seconds.</summary>
    private const int MostWindows = 8;

    public static IReadOnlyList<PackedBatch> Read(string path, ChatTokenizer tokenizer)
    {
        if (!File.Exists(path)) return [];
        int[] ids = [.. tokenizer.Encode(File.ReadAllText(path)).Select(token => token.Id)];
        return [.. ids.Chunk(WindowTokens).Where(window => window.Length > 1).Take(MostWindows).Select(window => RowPacking.Batch([new EncodedExample("general", [.. tokenizer.Prefix, .. window], tokenizer.Prefix.Count + 1)]))];
    }
}
