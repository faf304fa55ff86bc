using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace DomainTuning.Evaluator.Forgetting;

/// <summary>A question about a general passage, with its accepted answers, shortest first.</summary>
public sealed record ReadingQuestion(string Question, IReadOnlyList<string> Answers);

/// <summary>A passage of no domain with questions that it answers.</summary>
public sealed record ReadingPassage(string Passage, IReadOnlyList<ReadingQuestion> Questions);

/// <summary>
/// What a model ought to know as well after a training as before it: prose of no domain, and passages with questions. The shipped one was written for this purpose,
/// in general.txt (pieces divided by blank lines) and reading.json; it stands in no corpus and is not the text that a conversion is calibrated with.
/// </summary>
public sealed record GeneralText(IReadOnlyList<string> Pieces, IReadOnlyList<ReadingPassage> Reading)
{
    private static readonly Lazy<GeneralText> FromResources = new(() => new GeneralText(
        [.. Resource("general.txt").ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)],
        JsonSerializer.Deserialize<IReadOnlyList<ReadingPassage>>(Resource("reading.json"), JsonSerializerOptions.Web)!));

    public static GeneralText Shipped => FromResources.Value;

    /// <summary>Changes with any of the text; part of what a measurement is kept under.</summary>
    public string Identity { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', [.. Pieces, .. Reading.Select(passage => JsonSerializer.Serialize(passage))]))).AsSpan(0, 8));

    private static string Resource(string name)
    {
        using var stream = typeof(GeneralText).Assembly.GetManifestResourceStream($"DomainTuning.Evaluator.Forgetting.{name}")
            ?? throw new InvalidOperationException($"Forgetting/{name} must be an embedded resource.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
