using System.Text.RegularExpressions;

namespace DomainTuning.Checkpoints.Library;

/// <summary>Names that come from outside and become files or folders.</summary>
internal static partial class ModelPaths
{
    /// <summary>A relative, '/'-separated path that stays inside its folder on every system.</summary>
    public static bool IsSafe(string path) =>
        path.Length is > 0 and < 400
        && path.Split('/').All(part => part.Length > 0 && part is not ("." or "..") && !part.EndsWith('.') && !part.EndsWith(' '))
        && path.All(c => c is not ('\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|') && !char.IsControl(c));

    /// <summary>Whether a name can be a model's id: what <see cref="ToId"/> gives. Excludes ':' and '@', which separate adapter and corpus in model ids.</summary>
    public static bool IsId(string id) => id.Length is > 0 and <= 96 && IdPattern().IsMatch(id);

    /// <summary>"Qwen2.5-0.5B-Instruct-GGUF" becomes "qwen2.5-0.5b-instruct".</summary>
    public static string ToId(string name)
    {
        var id = NoIdCharacters().Replace(name.ToLowerInvariant(), "-").Trim('-', '.', '_');
        return id.EndsWith("-gguf", StringComparison.Ordinal) ? id[..^5] : id;
    }

    [GeneratedRegex("^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$")]
    private static partial Regex IdPattern();

    [GeneratedRegex("[^a-z0-9._-]+")]
    private static partial Regex NoIdCharacters();
}
