namespace DomainTuning.Checkpoints.Library;

/// <summary>What a source turned out to hold: a card without hashes, and the files to take. The first file holds the weights.</summary>
internal sealed record SurveyedModel(ModelCard Card, IReadOnlyList<OfferedFile> Files);

/// <summary>
/// Decides from a listing and small JSON files what a model is, and refuses by name what cannot run here, before anything large is fetched.
/// Conventions of Hugging Face repositories; nothing is guessed.
/// </summary>
internal static class ModelSurvey
{
    public static SurveyedModel Examine(RepositoryListing listing, AddModelOptions options)
    {
        var ggufs = listing.Files.Where(file => file.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)).ToList();
        var config = listing.Json("config.json");
        var isSafetensors = config is not null && IsChat(config) && options.File?.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) == true;
        if (ggufs.Count > 0 && !isSafetensors && (config is null || IsChat(config) || !listing.Files.Any(IsOnnx)))
            return ChatSurvey.Examine(listing, ggufs, options);
        if (config is null)
            throw new CheckpointException(
                $"{listing.Where} holds neither a .gguf file (a chat model) nor a config.json beside safetensors (a chat model) or an ONNX file (an encoder or reranker); it holds {ShowNames(listing)}. Name a repository, folder or file that does.");
        return IsChat(config) ? SafetensorsSurvey.Examine(listing, config, options) : EncoderSurvey.Examine(listing, config, options);
    }

    public static bool IsOnnx(OfferedFile file) => file.Path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    /// <summary>The one file that the user means, or the only one there is.</summary>
    public static OfferedFile Choose(RepositoryListing listing, IReadOnlyList<OfferedFile> candidates, string? wanted, string example)
    {
        var fitting = wanted is null ? candidates : candidates.Where(file => file.Path.Equals(wanted, StringComparison.OrdinalIgnoreCase)).ToList();
        if (fitting.Count == 0) fitting = [.. candidates.Where(file => file.Path.Contains(wanted!, StringComparison.OrdinalIgnoreCase))];
        return fitting.Count switch
        {
            1 => fitting[0],
            0 => throw new CheckpointException($"{listing.Where} has no file like '{wanted}'. It offers {RepositoryListing.Show(candidates)}. Name one of these."),
            _ => throw new CheckpointException($"{listing.Where} offers several files{(wanted is null ? "" : $" like '{wanted}'")}: {RepositoryListing.Show(fitting)}. Name the one you want, for example {example}."),
        };
    }

    public static string IdFor(RepositoryListing listing, AddModelOptions options)
    {
        var id = options.Id ?? ModelPaths.ToId(listing.Name.Split('/')[^1]);
        return ModelPaths.IsId(id)
            ? id
            : throw new CheckpointException($"'{id}' cannot be a model's id: ids are lower-case letters, digits, '.', '_' and '-', at most 96. Choose one with --id.");
    }

    private static bool IsChat(ConfigJson config) =>
        config.Strings("architectures").Any(name => name.EndsWith("ForCausalLM", StringComparison.Ordinal) || name.EndsWith("ForConditionalGeneration", StringComparison.Ordinal));

    private static string ShowNames(RepositoryListing listing) =>
        listing.Files.Count == 0 ? "no files" : string.Join(", ", listing.Files.Take(12).Select(file => file.Path)) + (listing.Files.Count > 12 ? ", …" : "");
}
