using System.Text.RegularExpressions;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Library;

/// <summary>Chat models in GGUF files: which file, whether its architecture can run, and what its metadata says for the card.</summary>
internal static partial class ChatSurvey
{
    /// <summary>Before the file is here: only the name can be judged.</summary>
    public static SurveyedModel Examine(RepositoryListing listing, IReadOnlyList<OfferedFile> ggufs, AddModelOptions options)
    {
        var whole = ggufs.Where(file => !SplitName().IsMatch(file.Path)).ToList();
        if (whole.Count == 0)
            throw new CheckpointException(
                $"{listing.Where} offers GGUF files in several parts only ({RepositoryListing.Show(ggufs)}), which are not supported. Choose a smaller quantisation in one file, or join the parts with llama-gguf-split --merge.");
        var file = ModelSurvey.Choose(listing, whole, options.File, $"'{listing.Name}:{whole[0].Path}'");
        var licences = listing.Files.Where(other => IsLicence(other.Path));
        var card = new ModelCard
        {
            Id = ModelSurvey.IdFor(listing, options),
            Kind = ModelKind.Chat,
            Architecture = "",
            Languages = listing.Languages,
            Licence = listing.Licence ?? "unknown",
            Source = listing.Source,
        };
        return new SurveyedModel(card, [file, .. licences]);
    }

    /// <summary>Adds what the file itself says; refuses what cannot run.</summary>
    public static ModelCard Complete(ModelCard card, GgufFile file)
    {
        var metadata = file.Metadata;
        var architecture = metadata.String("general.architecture");
        RefuseUnsupported(metadata);
        _ = metadata.String("tokenizer.ggml.model");
        if (file.Tensors.Count == 0) throw Refuse(metadata, "holds no weights (a vocabulary only)");
        return card with
        {
            Architecture = architecture,
            Languages = card.Languages.Count > 0 ? card.Languages : metadata.TryGet("general.languages", out _) ? metadata.Strings("general.languages") : [],
            ContextTokens = metadata.Integer<int>($"{architecture}.context_length"),
            Parameters = file.Tensors.Sum(tensor => tensor.Elements),
            Quantisation = Quantisation(file),
            ChatTemplate = metadata.Contains("tokenizer.chat_template") ? "in the GGUF metadata" : null,
            Licence = card.Licence != "unknown" ? card.Licence : metadata.StringOrNull("general.license") ?? "unknown",
        };
    }

    /// <summary>Judges what is there: all of the metadata, or the first entries of a file that is not fetched yet.</summary>
    public static void RefuseUnsupported(GgufMetadata metadata)
    {
        if (metadata.StringOrNull("general.type") is { } type and not "model")
            throw Refuse(metadata, $"holds a model's {type}, not a model");
        if (metadata.StringOrNull("general.architecture") is { } architecture)
        {
            if (!SupportedArchitectures.Chat.Contains(architecture))
                throw Refuse(metadata, $"holds a model of the architecture '{architecture}', which cannot run here; supported chat architectures are {string.Join(", ", SupportedArchitectures.Chat)}");
            if (metadata.Integer($"{architecture}.expert_count", 0) is > 0 and var experts)
                throw Refuse(metadata, $"is a mixture of {experts} experts, which is not supported");
        }

        if (metadata.Integer("split.count", 1) is > 1 and var parts)
            throw Refuse(metadata, $"is one of {parts} parts of a model, and parts are not supported: join them with llama-gguf-split --merge");
        if (metadata.StringOrNull("tokenizer.ggml.model") is { } tokenizer && !SupportedArchitectures.ChatTokenizers.Contains(tokenizer))
            throw Refuse(metadata, $"has the tokenizer '{tokenizer}', which is not supported; supported are {string.Join(", ", SupportedArchitectures.ChatTokenizers)} (byte-level and SentencePiece-style BPE)");
        RefuseUnknownSplitter(metadata);
    }

    private static void RefuseUnknownSplitter(GgufMetadata metadata)
    {
        try
        {
            // SentencePiece vocabularies cut nothing; converters write "default" there.
            if (metadata.StringOrNull("tokenizer.ggml.model") != "llama" && metadata.StringOrNull("tokenizer.ggml.pre") is { } name) _ = BpeSplitter.Named(name);
        }
        catch (NotSupportedException error)
        {
            throw new CheckpointException($"'{metadata.Path}' cannot run here. {error.Message}", error);
        }
    }

    public static bool IsLicence(string path) =>
        !path.Contains('/', StringComparison.Ordinal) && (path.StartsWith("LICENSE", StringComparison.OrdinalIgnoreCase) || path.StartsWith("LICENCE", StringComparison.OrdinalIgnoreCase) || path.StartsWith("NOTICE", StringComparison.OrdinalIgnoreCase));

    /// <summary>"Q4_1 (86 %), Q8_0 (14 %)": the types that hold at least 2 % of the weights.</summary>
    public static string Quantisation(TensorFile file)
    {
        var total = file.Tensors.Sum(tensor => tensor.Elements);
        var shares = file.Tensors.GroupBy(tensor => tensor.Type)
            .Select(group => (Type: group.Key, Share: (int)Math.Round(100.0 * group.Sum(tensor => tensor.Elements) / total)))
            .Where(share => share.Share >= 2)
            .OrderByDescending(share => share.Share)
            .ToList();
        return shares.Count == 1 ? shares[0].Type.ToString() : string.Join(", ", shares.Select(share => $"{share.Type} ({share.Share} %)"));
    }

    private static CheckpointException Refuse(GgufMetadata metadata, string finding) => new($"'{metadata.Path}' {finding}. Choose another file or model.");

    [GeneratedRegex(@"-\d{5}-of-\d{5}\.gguf$", RegexOptions.IgnoreCase)]
    private static partial Regex SplitName();
}
