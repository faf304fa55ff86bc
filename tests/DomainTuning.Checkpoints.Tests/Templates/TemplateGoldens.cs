using System.IO.Compression;
using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Templates;

namespace DomainTuning.Checkpoints.Tests.Templates;

/// <summary>Renderings by the reference implementation, and how its cases are put to ours.</summary>
internal static class TemplateGoldens
{
    public static JsonNode Chat { get; } = Read("chat.json.gz");

    /// <summary>The clock at which the reference rendered.</summary>
    public static TimeProvider Clock { get; } = new FixedClock();

    public static JsonNode Read(string name)
    {
        using var stream = new GZipStream(File.OpenRead(Fixtures.Path("templates", name)), CompressionMode.Decompress);
        return JsonNode.Parse(stream)!;
    }

    public static ChatTemplate Template(string name) => ChatTemplate.Parse(Chat["templates"]![name]!.GetValue<string>());

    public static IEnumerable<JsonNode> Cases => Chat["cases"]!.AsArray().Select(entry => entry!);

    public static ChatTemplateInput Input(JsonNode entry)
    {
        var variables = entry["variables"]?.AsObject().ToDictionary(pair => pair.Key, pair => pair.Value) ?? [];
        variables.Remove("bos_token", out var bos);
        variables.Remove("eos_token", out var eos);
        return new ChatTemplateInput
        {
            Messages = [.. entry["messages"]!.AsArray().Select(message => message!.AsObject())],
            Tools = entry["tools"]?.AsArray().Select(tool => tool!).ToList(),
            Documents = entry["documents"]?.AsArray().Select(document => document!).ToList(),
            AddGenerationPrompt = entry["add_generation_prompt"]!.GetValue<bool>(),
            ContinueFinalMessage = entry["continue_final_message"]?.GetValue<bool>() ?? false,
            BosToken = bos?.GetValue<string>(),
            EosToken = eos?.GetValue<string>(),
            Variables = variables,
            Clock = Clock,
        };
    }

    public static string KindOf(TemplateException error) => error.Kind switch
    {
        TemplateErrorKind.Syntax => "TemplateSyntaxError",
        TemplateErrorKind.UnknownName => "TemplateAssertionError",
        TemplateErrorKind.Raised => "TemplateError",
        TemplateErrorKind.Runtime => "TemplateRuntimeError",
        var kind => kind + "Error",
    };

    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2025, 3, 5, 7, 8, 9, TimeSpan.Zero);
    }
}
