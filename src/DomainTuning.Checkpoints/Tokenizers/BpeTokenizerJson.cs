using System.Text.Json;
using static DomainTuning.Checkpoints.Tokenizers.TokenizerJson;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>Reads the tokenizer.json of a byte-level BPE model. What it cannot do exactly it refuses by name.</summary>
internal static class BpeTokenizerJson
{
    public static BpeVocabulary Read(JsonElement root, IReadOnlyList<AddedToken> further)
    {
        var model = Model(root);
        if (Flag(model, "byte_fallback") || Text(model, "unk_token") is not null || !string.IsNullOrEmpty(Text(model, "continuing_subword_prefix"))
            || !string.IsNullOrEmpty(Text(model, "end_of_word_suffix")))
            throw Unsupported("model", "byte-level BPE without byte fallback, unknown token, prefix or suffix");

        var formC = NormalizesToFormC(root);
        var added = AddedTokens(root, content => formC && !content.IsNormalized(), further);
        return new BpeVocabulary
        {
            Tokens = Tokens(model, added),
            Merges = Merges(model),
            PreTokenizer = PreTokenizer(root),
            AddedTokens = added,
            Prefix = Around(root, before: true),
            Suffix = Around(root, before: false),
            IgnoreMerges = Flag(model, "ignore_merges"),
            NormalizesToFormC = formC,
        };
    }

    /// <summary>ByteLevel alone is GPT-2's pattern; before it may stand Digits or a Split with a family's pattern.</summary>
    private static string PreTokenizer(JsonElement root)
    {
        var digits = false;
        string? pattern = null;
        var byteLevel = false;
        foreach (var step in Steps(root, "pre_tokenizer", "pretokenizers"))
        {
            switch (Text(step, "type"))
            {
                case "Digits" when Flag(step, "individual_digits") && pattern is null && !byteLevel:
                    digits = true;
                    break;
                case "Split" when pattern is null && !byteLevel && (Text(step, "behavior") == "Isolated" || (Text(step, "behavior") == "Removed" && Flag(step, "invert"))) && step.TryGetProperty("pattern", out var split):
                    pattern = Text(split, "Regex");
                    break;
                case "ByteLevel" when !byteLevel && !Flag(step, "add_prefix_space"):
                    byteLevel = true;
                    if (Flag(step, "use_regex", missing: true))
                        pattern = pattern is null ? BpeSplitter.Gpt2Pattern : "two patterns";
                    break;
                default:
                    throw Unsupported("pre_tokenizer", "steps Digits (individual), Split and ByteLevel without a prefix space", step);
            }
        }
        return (byteLevel && pattern is not null ? BpeSplitter.NameOf(pattern, digits) : null)
            ?? throw Unsupported("pre_tokenizer", "the pattern of a known family (gpt-2, smollm, llama-bpe, qwen2)");
    }

    private static bool NormalizesToFormC(JsonElement root)
    {
        var steps = Steps(root, "normalizer", "normalizers");
        foreach (var step in steps)
            if (Text(step, "type") != "NFC")
                throw Unsupported("normalizer", "none or NFC", step);
        return steps.Count > 0;
    }
}
