using System.Text.Json;
using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Templates;

namespace DomainTuning.Checkpoints.Tests.Templates;

public sealed class TemplateGoldenTests
{
    [Fact]
    public void EveryChatIsRenderedAsByTheReference()
    {
        var wrong = new List<string>();
        var count = 0;
        foreach (var entry in TemplateGoldens.Cases)
        {
            count++;
            var label = $"{entry["template"]} / {entry["label"]}";
            Compare(label, entry, wrong, () => TemplateGoldens.Template(entry["template"]!.GetValue<string>()).Render(TemplateGoldens.Input(entry)));
        }

        Assert.Equal(458, count);
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {count} differ:\n{string.Join("\n", wrong.Take(12))}");
    }

    [Fact]
    public void EveryFeatureGivesTheReferencesResultOrError()
    {
        var wrong = new List<string>();
        var cases = TemplateGoldens.Read("snippets.json.gz")["cases"]!.AsArray();
        foreach (var entry in cases)
        {
            var variables = entry!["variables"]?.AsObject().ToDictionary(pair => pair.Key, pair => pair.Value) ?? [];
            var source = entry["template"]!.GetValue<string>();
            Compare(JsonSerializer.Serialize(source), entry, wrong, () => ChatTemplate.Parse(source).RenderAlone(variables, TemplateGoldens.Clock));
        }

        Assert.Equal(310, cases.Count);
        Assert.True(wrong.Count == 0, $"{wrong.Count} differ:\n{string.Join("\n", wrong.Take(40))}");
    }

    private static void Compare(string label, JsonNode entry, List<string> wrong, Func<RenderedChat> render)
    {
        string came;
        try
        {
            var chat = render();
            came = chat.Text;
            if (entry["generation_spans"] is JsonArray spans)
            {
                var expectedSpans = string.Join(" ", spans.Select(span => $"{span![0]}..{span[1]}"));
                if (expectedSpans != string.Join(" ", chat.Generation)) wrong.Add($"{label}: spans {expectedSpans} came {string.Join(" ", chat.Generation)}");
            }
        }
        catch (TemplateException error)
        {
            came = $"{TemplateGoldens.KindOf(error)}: {error.Detail}";
        }
        var expected = entry["error"] is { } failure ? $"{failure["type"]}: {failure["message"]}" : entry["expected"]!.GetValue<string>();
        if (expected != came) wrong.Add($"{label}\n   expected {JsonSerializer.Serialize(expected)}\n   came     {JsonSerializer.Serialize(came)}");
    }
}
