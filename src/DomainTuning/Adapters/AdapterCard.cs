using System.Text.Json;
using System.Text.Json.Serialization;

namespace DomainTuning.Adapters;

/// <summary>
/// What an adapter was trained from and how well that went: card.json beside adapter_config.json, in snake case. Trainer writes it, the chat engine
/// compares the three hashes with what it serves. Adapters that were imported or merged have one that says so (<see cref="Origin"/>).
/// </summary>
public sealed record AdapterCard
{
    public const string FileName = "card.json";

    /// <summary>In place of a hash that nobody knows: it is not compared.</summary>
    public const string Unknown = "unknown";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>2 has <see cref="Origin"/> and unknown hashes; what was trained here stays 1, which earlier versions read.</summary>
    public int Format { get; init; } = 1;

    /// <summary>The base model's id in the library.</summary>
    public required string BaseModel { get; init; }

    /// <summary>Lower-case hex SHA-256 of the base checkpoint, as its conversion card has it.</summary>
    public required string BaseSha256 { get; init; }

    /// <summary>SHA-256 of the chat template's text in UTF-8.</summary>
    public required string TemplateSha256 { get; init; }

    /// <summary>The tokenizer's fingerprint: a SHA-256 over every id's bytes.</summary>
    public required string TokenizerSha256 { get; init; }

    /// <summary>"lora", "rslora", "dora".</summary>
    public required string Method { get; init; }

    public int? Rank { get; init; }

    /// <summary>Names of the modules that were trained.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>SHA-256 of the training examples.</summary>
    public string? DataSha256 { get; init; }

    /// <summary>The optimiser step whose weights these are.</summary>
    public int? BestStep { get; init; }

    /// <summary>Perplexity of the held-out text under the base.</summary>
    public double? PerplexityBefore { get; init; }

    /// <summary>The same text under the adapter.</summary>
    public double? PerplexityAfter { get; init; }

    /// <summary>Scaling is alpha / rank, of rsLoRA alpha / √rank.</summary>
    public double? Alpha { get; init; }

    /// <summary>Which tokens carried loss, in words.</summary>
    public string? LossMask { get; init; }

    /// <summary>The corpus that the examples came from.</summary>
    public string? Corpus { get; init; }

    public int? Seed { get; init; }

    /// <summary>Optimiser steps that were done, those after <see cref="BestStep"/> included.</summary>
    public int? Steps { get; init; }

    /// <summary>Tokens of examples that were trained on.</summary>
    public long? TokensSeen { get; init; }

    /// <summary>Minutes of training.</summary>
    public double? Minutes { get; init; }

    /// <summary>"float32" or "bfloat16" base weights.</summary>
    public string? Precision { get; init; }

    /// <summary>Perplexity under the base of general text: what it has to do with nothing that was trained.</summary>
    public double? GeneralPerplexityBefore { get; init; }

    /// <summary>The same text under the adapter.</summary>
    public double? GeneralPerplexityAfter { get; init; }

    /// <summary>The way there, a point each measurement.</summary>
    public IReadOnlyList<AdapterCurvePoint> Curve { get; init; } = [];

    /// <summary>How it wants to be asked; null: like its base.</summary>
    public AdapterAsking? Asking { get; init; }

    /// <summary>Largest difference of a logit between the trained and the served model over the prompts that both answered; null where nobody compared.</summary>
    public double? ParityDifference { get; init; }

    /// <summary>Where the adapter comes from when it was not trained here: imported, or merged from others. Null: trained here. Not written then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Origin { get; init; }

    /// <summary>The card in an adapter's folder; null where there is none.</summary>
    /// <exception cref="AdapterException">It is damaged, or of a later format.</exception>
    public static AdapterCard? Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return null;
        try
        {
            var card = JsonSerializer.Deserialize<AdapterCard>(File.ReadAllText(path), Json) ?? throw new JsonException("It is null.");
            return card.Format is 1 or 2 ? card : throw new JsonException($"It has the format {card.Format}; 1 and 2 are read here.");
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            throw new AdapterException($"The card '{path}' cannot be read: {error.Message} Train the adapter again, or remove the card to use the adapter unchecked.", error);
        }
    }

    public void Write(string folder) => File.WriteAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this with { Format = Origin is null ? 1 : 2 }, Json) + "\n");

    /// <summary>Why the adapter does not fit what is served; null when it does.</summary>
    public string? Mismatch(string baseSha256, string templateSha256, string tokenizerSha256)
    {
        (string What, string Trained, string Served)[] all =
        [
            ("checkpoint", BaseSha256, baseSha256), ("chat template", TemplateSha256, templateSha256), ("tokenizer", TokenizerSha256, tokenizerSha256),
        ];
        foreach (var (what, trained, served) in all)
            if (trained != served && trained != Unknown)
                return $"it was {(Origin is null ? "trained with" : "taken in for")} another {what} of '{BaseModel}' ({Short(trained)}) than is served ({Short(served)})";
        return null;
    }

    private static string Short(string sha256) => sha256.Length > 12 ? sha256[..12] + "…" : sha256;
}

/// <summary>A training at one of its measurements.</summary>
/// <param name="Step">Optimiser steps that were done.</param>
/// <param name="Loss">Mean of the steps since the last measurement, natural log; null before the first step.</param>
/// <param name="Perplexity">Of the held-out answers.</param>
/// <param name="LearningRate">Of the last step; null before the first.</param>
public sealed record AdapterCurvePoint(int Step, double? Loss, double Perplexity, double? LearningRate);
