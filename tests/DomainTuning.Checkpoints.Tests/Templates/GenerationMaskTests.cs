using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Tests.Tokenizers;

namespace DomainTuning.Checkpoints.Tests.Templates;

public sealed class GenerationMaskTests
{
    /// <summary>The loss mask follows from the generation blocks and the tokens' offsets: from the token that holds a block's first character to the one with its last.</summary>
    [Fact]
    public void GenerationBlocksGiveTheReferencesTokenMasks()
    {
        foreach (var entry in TemplateGoldens.Read("masks.json.gz")["cases"]!.AsArray())
        {
            var chat = TemplateGoldens.Template(entry!["template"]!.GetValue<string>()).Render(TemplateGoldens.Input(entry));
            var tokens = BpeGoldens.Smollm2.EncodeTrusted(chat.Text);

            Assert.Equal(entry["text"]!.GetValue<string>(), chat.Text);
            Assert.Equal(Pairs(entry["generation_spans"]!), chat.Generation.Select(range => $"{range.Start.Value},{range.End.Value}"));
            Assert.Equal(entry["ids"]!.AsArray().Select(id => id!.GetValue<int>()), tokens.Ids());
            var runs = chat.Generation.Where(range => range.End.Value > range.Start.Value).Select(range =>
            {
                var first = tokens.ToList().FindIndex(token => token.End > range.Start.Value);
                var last = tokens.ToList().FindLastIndex(token => token.Start < range.End.Value);
                return $"{first},{last + 1}";
            });
            Assert.Equal(Pairs(entry["mask_runs"]!), runs);
        }
    }

    private static IEnumerable<string> Pairs(JsonNode list) => list.AsArray().Select(pair => $"{pair![0]},{pair[1]}");
}
