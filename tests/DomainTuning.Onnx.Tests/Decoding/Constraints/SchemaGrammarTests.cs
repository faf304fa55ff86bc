using System.Text;
using System.Text.Json;
using DomainTuning.Onnx.Decoding.Constraints;

namespace DomainTuning.Onnx.Tests.Decoding.Constraints;

public sealed class SchemaGrammarTests
{
    /// <summary>Schemas of every supported kind; const and prefixItems are beyond NJsonSchema and judged by examples alone.</summary>
    public static TheoryData<string> Schemas =>
    [
        """{"type":"object"}""",
        """{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":120}},"required":["name","age"],"additionalProperties":false}""",
        """{"type":"object","properties":{"a":{"type":"boolean"},"b":{"type":"null"},"c":{"type":"number"}},"required":["b"],"additionalProperties":{"type":"integer","exclusiveMinimum":5}}""",
        """{"type":"array","items":{"type":"number","minimum":-1.25,"exclusiveMaximum":17.5},"minItems":1,"maxItems":4}""",
        """{"type":"array","items":{"enum":["red","green","a \"quoted\" one","π",3,null,true,2.5]},"minItems":2,"maxItems":5}""",
        """{"anyOf":[{"type":"string","minLength":2,"maxLength":5},{"type":"integer","multipleOf":7,"minimum":-100},{"type":"array","items":{"type":"boolean"},"maxItems":3}]}""",
        """{"type":"object","properties":{"kind":{"enum":["circle"]},"r":{"type":"number","minimum":0}},"required":["kind","r"],"additionalProperties":false,"x-note":1}""",
        """{"oneOf":[{"type":"object","properties":{"kind":{"enum":["circle"]},"r":{"type":"number","minimum":0}},"required":["kind","r"]},{"type":"object","properties":{"kind":{"enum":["square"]},"side":{"type":"integer","minimum":1}},"required":["kind","side"]}]}""",
        """{"type":"object","properties":{"value":{"type":"integer"},"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["value","next"],"additionalProperties":false}""",
        """{"type":"object","properties":{"root":{"$ref":"#/definitions/tree"}},"required":["root"],"additionalProperties":false,"definitions":{"tree":{"type":"object","properties":{"name":{"type":"string","maxLength":8},"children":{"type":"array","items":{"$ref":"#/definitions/tree"},"maxItems":3}},"required":["name"],"additionalProperties":false}}}""",
        """{"type":["string","null","integer"],"maxLength":3,"minimum":10}""",
        """{"type":"string","pattern":"^[A-Z]{2}-[0-9]{3,5}$"}""",
        """{"type":"string","pattern":"ab+|^x","maxLength":6}""",
        """{"type":"string","pattern":"^(?:\\d+|[^a-z\\s\"]{2,})$","minLength":4,"maxLength":9}""",
        """{"type":"object","properties":{"d":{"type":"string","format":"date"},"t":{"type":"string","format":"date-time"},"u":{"type":"string","format":"uuid"},"m":{"type":"string","format":"email"},"i":{"type":"string","format":"ipv4"},"w":{"type":"string","format":"uri"},"s":{"type":"string","format":"ipv6"},"h":{"type":"string","format":"hostname"}},"required":["d","t","u","m","i","w","s","h"],"additionalProperties":false}""",
        """{"allOf":[{"type":"object","properties":{"a":{"type":"string","maxLength":10}},"required":["a"]},{"properties":{"a":{"type":"string","minLength":3},"b":{"type":"integer"}},"required":["b"]}]}""",
        """{"type":"object","minProperties":2,"maxProperties":3,"properties":{"a":{"type":"integer"},"b":{"type":"integer"},"c":{"type":"integer"},"d":{"type":"integer"}},"additionalProperties":false}""",
        """{"type":"object","minProperties":1,"maxProperties":2,"additionalProperties":{"type":"array","items":{"type":"integer"}}}""",
        """{"type":"integer","minimum":-1234,"maximum":98765}""",
        """{"type":"number","minimum":0.001,"maximum":0.25}""",
        """{"type":"number","multipleOf":0.01,"exclusiveMinimum":-3,"exclusiveMaximum":3}""",
        """{"type":"integer","multipleOf":15,"exclusiveMinimum":-45,"maximum":1000}""",
        """{"type":"integer"}""",
        """{"type":"number"}""",
        """{"type":"string"}""",
        """{"type":"array","items":{"type":"array","items":{"type":"string","maxLength":1}}}""",
        """{"required":["x"],"properties":{"x":{"enum":[1,2]}}}""",
    ];

    [Theory]
    [MemberData(nameof(Schemas))]
    public async Task WhateverTheMaskAllowsSatisfiesTheSchema(string schema)
    {
        var judge = await NJsonSchema.JsonSchema.FromJsonAsync(schema, TestContext.Current.CancellationToken);
        var grammar = Grammars.Compile(schema);
        var texts = new HashSet<string>(StringComparer.Ordinal);
        for (var seed = 0; seed < 12; seed++)
        {
            var text = Grammars.Walk(grammar, new Random(seed));
            using var parsed = JsonDocument.Parse(text);
            Assert.True(Judge(judge, text).Length == 0, $"{text}\n{string.Join('\n', Judge(judge, text))}");
            texts.Add(text);
        }

        Assert.True(texts.Count >= 3, $"Only {texts.Count} different texts: {string.Join(" | ", texts)}");
    }

    [Theory]
    [MemberData(nameof(Schemas))]
    public async Task ADamagedTextIsAcceptedOnlyIfItSatisfiesTheSchema(string schema)
    {
        const string Letters = "\"{}[]:,. 0123456789-eEtfnullabcxyzAZπ\\\n";
        var judge = await NJsonSchema.JsonSchema.FromJsonAsync(schema, TestContext.Current.CancellationToken);
        var grammar = Grammars.Compile(schema);
        var random = new Random(7);
        var (accepted, rejected) = (0, 0);
        for (var seed = 100; seed < 104; seed++)
        {
            var text = Grammars.Walk(grammar, new Random(seed));
            for (var i = 0; i < 100; i++)
            {
                var at = random.Next(text.Length);
                var letter = Letters[random.Next(Letters.Length)].ToString();
                var damaged = random.Next(3) switch { 0 => text.Remove(at, 1), 1 => text.Insert(at, letter), _ => text.Remove(at, 1).Insert(at, letter) };
                if (!GrammarConstraint.Accepts(grammar, Encoding.UTF8.GetBytes(damaged)))
                {
                    rejected++;
                    continue;
                }

                accepted++;
                Assert.True(Judge(judge, damaged).Length == 0, $"{damaged}\n{string.Join('\n', Judge(judge, damaged))}");
            }
        }

        Assert.True(rejected > 10, $"{rejected} of {accepted + rejected} rejected.");
    }

    [Theory]
    [InlineData("""{"type":"object"}""", """{"a": [1, {"b": null}], "c":"d\n\"e\" ü 漢 😀"}""", true)]
    [InlineData("""{"type":"object"}""", """[]""", false)]
    [InlineData("""{"type":"object"}""", """{"a":1,}""", false)]
    [InlineData("""{"type":"object"}""", """{ "a":1}""", false)] // blanks only after colon and comma
    [InlineData("""{"type":"object"}""", """{"a":"\u0041"}""", false)] // one spelling for each character
    [InlineData("""{"type":"object"}""", """{"a":1e5,"b":-0.5E-7,"c":1.25}""", true)]
    [InlineData("""{"type":"object"}""", """{"a":01}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{},"b":{}}}""", """{"a":1,"b":2}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{},"b":{}}}""", """{"b":2}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{},"b":{}}}""", """{"b":2,"a":1}""", false)] // the schema's order
    [InlineData("""{"type":"object","properties":{"a":{},"b":{}}}""", """{"a":1,"c":2}""", false)] // no others unless allowed
    [InlineData("""{"type":"object","properties":{"a":{}},"additionalProperties":true}""", """{"a":1,"c":2}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":true}""", """{"b":1,"a":"x"}""", false)] // not as another property either
    [InlineData("""{"type":"object","properties":{"a":{}},"required":["a"]}""", """{}""", false)]
    [InlineData("""{"const":{"a":[1,"x"]}}""", """{"a":[1,"x"]}""", true)]
    [InlineData("""{"const":"x"}""", "\"y\"", false)]
    [InlineData("""{"type":"string","enum":["a",1]}""", "1", false)]
    [InlineData("""{"type":"integer","enum":[1.0,2]}""", "1", true)]
    [InlineData("""{"enum":[5,15,25],"minimum":10}""", "5", false)]
    [InlineData("""{"enum":[5,15,25],"minimum":10}""", "15", true)]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false,"minItems":2}""", """[1,"a"]""", true)]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false,"minItems":2}""", """[1]""", false)]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"}],"items":{"type":"boolean"}}""", """[1, true,false]""", true)]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"}],"items":{"type":"boolean"}}""", """[1,2]""", false)]
    [InlineData("""{"type":"string","nullable":true}""", "null", true)]
    [InlineData("""{"type":"string","minLength":2,"maxLength":2}""", "\"😀é\"", true)] // characters, not bytes or UTF-16 units
    [InlineData("""{"type":"string","minLength":2,"maxLength":2}""", "\"😀\"", false)]
    [InlineData("""{"type":"string","minLength":2,"maxLength":2}""", "\"\\n\\\"\"", true)] // an escape is one character
    [InlineData("""{"type":"string","pattern":"^\\p{Lu}\\w*$"}""", "\"Éa_1\"", true)]
    [InlineData("""{"type":"string","pattern":"^a.c$"}""", "\"a\\nc\"", false)]
    [InlineData("""{"type":"string","pattern":"^[\\\\\"]+$"}""", "\"\\\\\\\"\"", true)]
    [InlineData("""{"type":"string","pattern":"b"}""", "\"abc\"", true)]
    [InlineData("""{"type":"string","pattern":"b"}""", "\"aac\"", false)]
    [InlineData("""{"type":"string","format":"date"}""", "\"2024-02-30\"", false)]
    [InlineData("""{"type":"string","format":"date"}""", "\"2024-12-31\"", true)]
    [InlineData("""{"type":"string","format":"time"}""", "\"23:59:59.5+01:00\"", true)]
    [InlineData("""{"type":"string","format":"duration"}""", "\"P3DT4H\"", true)]
    [InlineData("""{"type":"string","format":"duration"}""", "\"P\"", false)]
    [InlineData("""{"type":"string","format":"uri"}""", "\"https://example.org:8080/a/b?c=d#e\"", true)]
    [InlineData("""{"type":"number","minimum":0.5,"maximum":1}""", "0.50", true)]
    [InlineData("""{"type":"number","minimum":0.5,"maximum":1}""", "1.000", true)]
    [InlineData("""{"type":"number","minimum":0.5,"maximum":1}""", "1.001", false)]
    [InlineData("""{"type":"number","minimum":0.5,"maximum":1}""", "0.49", false)]
    [InlineData("""{"type":"number","minimum":-10,"maximum":-2.5}""", "-2.5", true)]
    [InlineData("""{"type":"number","minimum":-10,"maximum":-2.5}""", "-2.4", false)]
    [InlineData("""{"type":"number","minimum":-10,"maximum":-2.5}""", "-10.1", false)]
    [InlineData("""{"type":"number","minimum":-10,"maximum":-2.5}""", "3", false)]
    [InlineData("""{"type":"number","minimum":0,"exclusiveMinimum":true}""", "0", false)] // draft 4
    [InlineData("""{"type":"integer","format":"int32"}""", "2147483648", false)]
    [InlineData("""{"type":"integer","format":"int32"}""", "-2147483648", true)]
    [InlineData("""{"type":"integer"}""", "-0", false)]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#/$defs/x~1y"}},"$defs":{"x/y":{"type":"integer"}}}""", """{"a":1}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"anyOf":[{"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}]}""", """{"a":1}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"anyOf":[{"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}]}""", """{"a":1,"b":"x"}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"anyOf":[{"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}]}""", """{}""", false)]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"string"}]}""", "3", true)]
    [InlineData("""{"oneOf":[{"type":"integer","maximum":0},{"type":"integer","minimum":1}]}""", "1", true)]
    public void ExamplesAreJudgedAsTheyShould(string schema, string text, bool expected) => Assert.Equal(expected, Grammars.Accepts(schema, text));

    [Theory]
    [InlineData("""{"not":{"type":"string"}}""", "'not' at #/not")]
    [InlineData("""{"type":"object","properties":{"a/b":{"if":{}}}}""", "'if' at #/properties/a~1b/if")]
    [InlineData("""{"type":"array","uniqueItems":true}""", "'uniqueItems' at #/uniqueItems")]
    [InlineData("""{"patternProperties":{"^x":{}}}""", "'patternProperties' at #/patternProperties")]
    [InlineData("""{"type":"string","format":"iri"}""", "'iri' at #/format")]
    [InlineData("""{"type":"string","pattern":"(?=a)b"}""", "at #/pattern cannot be followed: the pattern '(?=a)b' uses looking ahead")]
    [InlineData("""{"type":"string","pattern":"(a)\\1"}""", "a reference back")]
    [InlineData("""{"type":"string","pattern":"a.{40}b.{40}c|.*a.{30}$"}""", "states")]
    [InlineData("""{"type":"integer","multipleOf":0.3}""", "'multipleOf' 0.3")]
    [InlineData("""{"$ref":"https://example.org/schema"}""", "'https://example.org/schema' at #/$ref")]
    [InlineData("""{"anyOf":[{"$ref":"#"},{"type":"null"}]}""", "leads back to itself")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}""", "satisfies the schema")]
    [InlineData("""{"type":"integer","minimum":5,"maximum":4}""", "satisfies the schema")]
    [InlineData("""{"type":"string","pattern":"^a{2}$","minLength":3}""", "satisfies the schema")]
    [InlineData("""{"allOf":[{"type":"string"},{"type":"integer"}]}""", "satisfies the schema")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number"}]}""", "alternatives 0 and 1 at #/oneOf")]
    [InlineData("""{"oneOf":[{"type":"object","properties":{"a":{}}},{"type":"object","properties":{"b":{}}}]}""", "alternatives 0 and 1 at #/oneOf")]
    public void WhatCannotBeHonouredIsRefusedByName(string schema, string expected) =>
        Assert.Contains(expected, Assert.Throws<NotSupportedException>(() => Grammars.Compile(schema)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"type":"text"}""", "there is no type 'text'")]
    [InlineData("""{"properties":{"a":5}}""", "#/properties/a")]
    [InlineData("""{"$ref":"#/$defs/a"}""", "there is nothing at '#/$defs/a'")]
    [InlineData("""{"minLength":-1}""", "#/minLength")]
    public void AMalformedSchemaIsRefusedWithItsPlace(string schema, string expected) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => Grammars.Compile(schema)).Message, StringComparison.Ordinal);

    /// <summary>What NJsonSchema finds wrong. It counts UTF-16 units where the specification counts characters, so it is shown none that need two.</summary>
    private static string[] Judge(NJsonSchema.JsonSchema schema, string text)
    {
        try
        {
            return [.. schema.Validate(string.Concat(text.EnumerateRunes().Select(rune => rune.IsBmp ? rune.ToString() : "Ω"))).Select(error => error.ToString())];
        }
        catch (Newtonsoft.Json.JsonException error)
        {
            return [error.Message];
        }
    }
}
