using System.Text.Json;
using static DomainTuning.Checkpoints.Tokenizers.TokenizerJson;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// Reads the tokenizer.json of a SentencePiece-style BPE model: merges and byte fallback, spaces turned to ▁ by a normaliser or by Metaspace.
/// What it cannot do exactly it refuses by name.
/// </summary>
internal static class SentencePieceJson
{
    private const string Space = "▁";

    public static SentencePieceVocabulary Read(JsonElement root, IReadOnlyList<AddedToken> further)
    {
        var model = Model(root);
        if (!Flag(model, "byte_fallback") || Flag(model, "ignore_merges") || !string.IsNullOrEmpty(Text(model, "continuing_subword_prefix"))
            || !string.IsNullOrEmpty(Text(model, "end_of_word_suffix")) || (model.TryGetProperty("dropout", out var dropout) && dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() > 0))
            throw Unsupported("model", "BPE with byte fallback, without ignore_merges, prefix, suffix or dropout");

        var (prepends, replaces) = Normalizer(root);
        var (metaspace, cuts) = PreTokenizer(root, replaces);
        if (!replaces && metaspace is null) throw Unsupported("normalizer", $"spaces turned to {Space}, here or by a Metaspace step of the pre_tokenizer");
        if (prepends && metaspace is not null and not LeadingSpace.Never) throw Unsupported("pre_tokenizer", "a space put before the text in one place, not two");

        var added = AddedTokens(root, content => prepends || content.Contains(' ', StringComparison.Ordinal), further);
        var tokens = Tokens(model, added);
        return new SentencePieceVocabulary
        {
            Tokens = tokens,
            Kinds = Kinds(tokens, added),
            Merges = Merges(model),
            AddedTokens = added,
            LeadingSpace = prepends ? LeadingSpace.EveryPart : metaspace ?? LeadingSpace.Never,
            DropsLeadingSpace = DropsLeadingSpace(root),
            CutsAtSpaces = cuts,
            Prefix = Around(root, before: true),
            Suffix = Around(root, before: false),
        };
    }

    private static PieceKind[] Kinds(string[] tokens, List<AddedToken> added)
    {
        var kinds = new PieceKind[tokens.Length];
        for (var id = 0; id < tokens.Length; id++)
            kinds[id] = SentencePieceBpeTokenizer.ByteOf(tokens[id]) is null ? PieceKind.Normal : PieceKind.Byte;
        foreach (var token in added) kinds[token.Id] = token.IsControl ? PieceKind.Control : PieceKind.UserDefined;
        return kinds;
    }

    private static (bool Prepends, bool Replaces) Normalizer(JsonElement root)
    {
        var (prepends, replaces) = (false, false);
        foreach (var step in Steps(root, "normalizer", "normalizers"))
        {
            switch (Text(step, "type"))
            {
                case "Prepend" when Text(step, "prepend") == Space && !prepends && !replaces:
                    prepends = true;
                    break;
                case "Replace" when Pattern(step) == " " && Text(step, "content") == Space:
                    replaces = true;
                    break;
                default:
                    throw Unsupported("normalizer", $"Prepend of {Space} and Replace of a space by {Space}", step);
            }
        }
        return prepends && !replaces ? throw Unsupported("normalizer", $"a Replace of spaces by {Space} beside the Prepend") : (prepends, replaces);
    }

    private static (LeadingSpace? Metaspace, bool Cuts) PreTokenizer(JsonElement root, bool replaced)
    {
        (LeadingSpace?, bool) found = (null, false);
        foreach (var step in Steps(root, "pre_tokenizer", "pretokenizers"))
        {
            switch (Text(step, "type"))
            {
                case "Metaspace" when found.Item1 is null && Text(step, "replacement") == Space:
                    found = (Scheme(step), Flag(step, "split", missing: true));
                    break;
                case "Split" when replaced && Pattern(step) == " ":
                    break; // Gemma: no space is left when this step is reached
                default:
                    throw Unsupported("pre_tokenizer", "none, Metaspace, or a Split at spaces that the normalizer has replaced", step);
            }
        }
        return found;
    }

    /// <summary>"prepend_scheme", or "add_prefix_space" in files before tokenizers 0.15.</summary>
    private static LeadingSpace Scheme(JsonElement step) => Text(step, "prepend_scheme") switch
    {
        "always" => LeadingSpace.EveryPartWithoutOne,
        "first" => LeadingSpace.FirstPartWithoutOne,
        "never" => LeadingSpace.Never,
        null => Flag(step, "add_prefix_space", missing: true) ? LeadingSpace.EveryPartWithoutOne : LeadingSpace.Never,
        var scheme => throw Unsupported("pre_tokenizer", $"a prepend_scheme always, first or never, not '{scheme}'"),
    };

    private static bool DropsLeadingSpace(JsonElement root)
    {
        var drops = false;
        foreach (var step in Steps(root, "decoder", "decoders"))
        {
            switch (Text(step, "type"))
            {
                case "Replace" when Pattern(step) == Space && Text(step, "content") == " ":
                case "ByteFallback" or "Fuse":
                    break;
                case "Strip" when Text(step, "content") == " " && Count(step, "start") == 1 && Count(step, "stop") == 0:
                    drops = true;
                    break;
                case "Metaspace" when Text(step, "replacement") == Space:
                    drops |= Scheme(step) != LeadingSpace.Never;
                    break;
                default:
                    throw Unsupported("decoder", $"Replace of {Space} by a space, ByteFallback, Fuse, Strip of one leading space, Metaspace", step);
            }
        }
        return drops;
    }

    private static int Count(JsonElement step, string name) => step.TryGetProperty(name, out var value) && value.TryGetInt32(out var count) ? count : 0;

    private static string? Pattern(JsonElement step) => step.TryGetProperty("pattern", out var pattern) ? Text(pattern, "String") : null;
}
