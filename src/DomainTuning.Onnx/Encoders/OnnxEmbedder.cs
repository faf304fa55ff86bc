using System.Security.Cryptography;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Embeddings;

namespace DomainTuning.Onnx.Encoders;

/// <summary>
/// Embeds texts with a sentence encoder's ONNX file (BERT and XLM-RoBERTa families). Many texts in one call are grouped by length; each
/// text's vector is the same as when it is embedded alone, to within rounding (1e-6). Thread-safe.
/// </summary>
public sealed class OnnxEmbedder : Embedder
{
    private readonly EncoderTokenizer tokenizer;
    private readonly EncoderSession session;
    private readonly EncoderOptions options;
    private readonly Lazy<EmbedderIdentity> identity;
    private readonly string pooling, queryPrefix, passagePrefix;
    private readonly int maxTokens;

    private OnnxEmbedder(ModelCard card, EncoderOptions options, bool rows)
    {
        this.options = options;
        pooling = options.Pooling ?? card.Pooling ?? throw new ModelException(
            $"Model '{card.Id}' in '{card.Folder}' does not say how token vectors become one. Add \"pooling\": \"cls\", \"mean\" or \"last\" to its card.json, as the publisher documents it (bge: cls; e5, MiniLM: mean).");
        if (pooling is not ("cls" or "mean" or "last"))
            throw new ModelException($"Model '{card.Id}' in '{card.Folder}' asks for pooling '{pooling}'; \"cls\", \"mean\" and \"last\" are supported. Choose another model.");
        maxTokens = options.MaxTokens ?? card.MaxTokens ?? throw new ModelException(
            $"Model '{card.Id}' in '{card.Folder}' does not say how long an input may be. Add \"max_tokens\" to its card.json (often 512).");
        (queryPrefix, passagePrefix) = (options.QueryPrefix ?? card.QueryPrefix ?? "", options.PassagePrefix ?? card.PassagePrefix ?? "");

        tokenizer = EncoderTokenizer.Load(card.Folder);
        var file = EncoderFolder.Onnx(card, options);
        session = new EncoderSession(file.FullPath, [.. card.Output is { } named ? new[] { named } : [], "last_hidden_state", "token_embeddings"], tokenizer.PadId, options, rows);
        var width = session.OutputWidth;
        if (session.OutputRank != 3 || (card.Dimensions is { } stated && width > 0 && stated != width) || (card.Dimensions ?? width) <= 0)
        {
            session.Dispose();
            throw new ModelException(
                $"'{file.FullPath}' gives a value of rank {session.OutputRank} with {width} as its last dimension; model '{card.Id}' was expected to give [texts, tokens, {card.Dimensions?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "dimensions"}]. Correct card.json (\"dimensions\", \"output\") or add the model again.");
        }

        var dimensions = card.Dimensions ?? width;
        identity = new Lazy<EmbedderIdentity>(() => new EmbedderIdentity(
            card.Id, file.Sha256 ?? Hash(file.FullPath), dimensions, pooling, queryPrefix, passagePrefix, maxTokens));
    }

    /// <summary>Its hash is the one in card.json; where there is none it is computed from the file when first asked for.</summary>
    public override EmbedderIdentity Identity => identity.Value;

    /// <summary>
    /// Loads a model folder: card.json, or what a Hugging Face repository ships (config.json, modules.json, 1_Pooling/config.json,
    /// sentence_bert_config.json, config_sentence_transformers.json), beside tokenizer.json and an ONNX file.
    /// </summary>
    /// <param name="options">What overrides these files; null for none.</param>
    /// <exception cref="ModelException">The ONNX file is missing, broken or of a kind that cannot run, or the files leave something open; the message says what to do.</exception>
    /// <exception cref="Checkpoints.CheckpointException">The tokenizer or a description is missing, broken or not known.</exception>
    public static OnnxEmbedder Load(string modelFolder, EncoderOptions? options = null) => Load(EncoderFolder.Card(modelFolder, options), options);

    /// <summary>Loads a model of the library.</summary>
    public static OnnxEmbedder Load(ModelCard card, EncoderOptions? options = null) => Load(card, options, rows: true);

    /// <param name="rows">False to run a quantised graph as it was shipped; for tests and measurements.</param>
    internal static OnnxEmbedder Load(ModelCard card, EncoderOptions? options, bool rows)
    {
        options ??= new EncoderOptions();
        options.Validate();
        return new OnnxEmbedder(card, options, rows);
    }

    public override int CountTokens(string text) => tokenizer.Count(text);

    public override Task<IReadOnlyList<float[]>> EmbedPassagesAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default) =>
        Task.Run<IReadOnlyList<float[]>>(() => Embed(texts, passagePrefix, cancellationToken), cancellationToken);

    public override async Task<float[]> EmbedQueryAsync(string text, CancellationToken cancellationToken = default) =>
        (await Task.Run(() => Embed([text], queryPrefix, cancellationToken), cancellationToken).ConfigureAwait(false))[0];

    internal TokenSequence Tokenise(string text, string prefix) => tokenizer.Template.Single(tokenizer.Encode(prefix + text), maxTokens);

    private float[][] Embed(IReadOnlyList<string> texts, string prefix, CancellationToken cancellationToken)
    {
        var vectors = new float[texts.Count][];
        // A window at a time: enough texts to find mates of like length, few enough that cancelling is quick.
        var window = Math.Max(64, options.BatchTokens / 16);
        for (var from = 0; from < texts.Count; from += window)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var sequences = new TokenSequence[Math.Min(window, texts.Count - from)];
            for (var i = 0; i < sequences.Length; i++) sequences[i] = Tokenise(texts[from + i], prefix);
            Embed(sequences, cancellationToken).CopyTo(vectors, from);
        }

        return vectors;
    }

    /// <summary>One vector a sequence.</summary>
    internal float[][] Embed(IReadOnlyList<TokenSequence> sequences, CancellationToken cancellationToken)
    {
        var vectors = new float[sequences.Count][];
        session.Run(
            sequences,
            (group, batch, hidden) =>
            {
                for (var row = 0; row < group.Length; row++) vectors[group[row]] = Pooling.Unit(hidden, batch, row, pooling);
            },
            cancellationToken);
        return vectors;
    }

    private static string Hash(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) session.Dispose();
        base.Dispose(disposing);
    }
}
