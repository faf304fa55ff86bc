using DomainTuning.Onnx.Decoding.Tools;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Tests.Decoding.Tools;

public sealed class AnswerParserTests
{
    private static readonly AIFunctionDeclaration[] Functions = [AIFunctionFactory.Create((string city) => city, "weather"), AIFunctionFactory.Create(() => 1, "now")];

    [Theory]
    [InlineData("qwen25-style", "Just an answer < 3.", "Just an answer < 3.")]
    [InlineData("qwen25-style", "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Köln\"}}\n</tool_call>", "weather({\"city\":\"K\\u00F6ln\"})")]
    [InlineData("qwen25-style", "Let me look.\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>", "Let me look.|now({})")]
    [InlineData("qwen25-style", "<tool_call>{\"arguments\": {\"city\": \"a }\\\" </tool_call>\"}, \"name\": \"weather\"}</tool_call>\n<tool_call>{\"name\":\"now\"}</tool_call>\n", "weather({\"city\":\"a }\\u0022 \\u003C/tool_call\\u003E\"})|now({})")]
    [InlineData("qwen25-style", "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}", "now({})")] // ended without its closer
    [InlineData("qwen25-style", "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\nand then", "now({})|\nand then")]
    [InlineData("qwen25-style", "<tool_call>\n{\"name\": \"now\", \"argum", "<tool_call>\n{\"name\": \"now\", \"argum")] // broken off
    [InlineData("qwen25-style", "<tool_call> is a tag, <tool_call>{\"name\":\"now\"}</tool_call>", "<tool_call> is a tag,|now({})")]
    [InlineData("qwen25-style", "<tool_call>\n{name: now}\n</tool_call> sorry", "<tool_call>\n{name: now}\n</tool_call> sorry")] // no JSON
    [InlineData("qwen25-style", "<tool_call>{\"name\":\"now\",\"arguments\":[1]}</tool_call>", "<tool_call>{\"name\":\"now\",\"arguments\":[1]}</tool_call>")]
    [InlineData("qwen25-style", "<tool_call>{\"name\":\"elsewhere\",\"arguments\":\"{\\\"a\\\":1}\"}</tool_call>", "elsewhere({\"a\":1})")] // the caller says that there is none
    [InlineData("qwen25-style", "half <tool_", "half <tool_")]
    [InlineData("llama3-style", "{\"name\": \"weather\", \"parameters\": {\"city\": \"Oslo\"}}", "weather({\"city\":\"Oslo\"})")]
    [InlineData("llama3-style", "<|python_tag|>{\"name\": \"weather\", \"parameters\": {\"city\": \"Oslo\"}}", "weather({\"city\":\"Oslo\"})")]
    [InlineData("llama3-style", "{\"type\": \"function\", \"name\": \"now\", \"parameters\": {}}", "now({})")]
    [InlineData("llama3-style", "{\"type\": \"function\", \"function\": {\"name\": \"now\", \"parameters\": {}}}", "now({})")]
    [InlineData("llama3-style", "{\"name\": \"Ada\", \"parameters\": {}} is JSON", "{\"name\": \"Ada\", \"parameters\": {}} is JSON")] // none of the functions
    [InlineData("llama3-style", "{\"name\": \"Ada\", \"age\": 36", "{\"name\": \"Ada\", \"age\": 36")]
    [InlineData("llama3-style", "The call is {\"name\": \"now\", \"parameters\": {}}", "The call is {\"name\": \"now\", \"parameters\": {}}")] // not the whole answer
    [InlineData("llama3-style", "<|python_tag|>print(1)", "<|python_tag|>print(1)")]
    [InlineData("mistral-style", "[TOOL_CALLS] [{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}, {\"name\": \"now\", \"arguments\": {}, \"id\": \"abcdefghi\"}]", "weather({\"city\":\"Oslo\"})|now({})")]
    [InlineData("mistral-style", "I look.[TOOL_CALLS][{\"name\": \"now\"}]", "I look.|now({})")]
    [InlineData("mistral-style", "[TOOL_CALLS][{\"name\": \"now\"", "[TOOL_CALLS][{\"name\": \"now\"")]
    [InlineData("mistral-style", "[TOOL_CALLS]", "[TOOL_CALLS]")]
    [InlineData("mistral-named", "[TOOL_CALLS]weather[ARGS]{\"city\": \"Oslo\"}[TOOL_CALLS]now[CALL_ID]abcdefghi[ARGS]{}", "weather({\"city\":\"Oslo\"})|now({})")]
    [InlineData("mistral-named", "[TOOL_CALLS]now[ARGS]x", "[TOOL_CALLS]now[ARGS]x")]
    [InlineData("mistral-named", "[TOOL_CALLS]now[ARGS]{[TOOL_CALLS]now[ARGS]{}", "[TOOL_CALLS]now[ARGS]{|now({})")]
    public void CallsAreReadAndNothingIsLost(string name, string written, string expected)
    {
        var family = ToolFamily.Of(name);
        var parser = family.Parser(Functions);

        List<AIContent> contents = [.. family.Written(written).SelectMany(parser.Append), .. parser.Finish(cut: false)];

        Assert.Equal(expected, ToolFamily.Describe(contents));
        Assert.Equal(contents.OfType<FunctionCallContent>().Any(), parser.HasCalls);
    }

    [Fact]
    public void TextStreamsUpToWhatMayBeginACall()
    {
        var family = ToolFamily.Of("qwen25-style");
        var parser = new AnswerParser(ByteByByte(), family.Form, ["now"], []);

        var shown = "Hello <tool_bar> <tool_call>{\"name\":\"now\"}".Select(letter => ToolFamily.Describe(parser.Append(Array.IndexOf(Letters, letter)))).ToList();

        Assert.Equal("Hello", string.Concat(shown[..5]));
        Assert.Equal("", string.Concat(shown[5..12])); // " <tool_" may begin a call
        Assert.Equal(" <tool_b", shown[12]);
        Assert.Equal("ar>", string.Concat(shown[13..16]));
        Assert.Equal("", string.Concat(shown[16..]));
        Assert.Equal("now({})", ToolFamily.Describe(parser.Finish(cut: false)));
    }

    [Theory]
    [InlineData("mistral-style", "[TOOL_CALLS][{\"name\": \"now\"}]")]
    [InlineData("llama3-style", "<|python_tag|>{\"name\": \"now\"}")]
    public void AQuotedMarkCallsNothingWhereTheMarkIsAControlToken(string name, string quoted)
    {
        var family = ToolFamily.Of(name);
        var parser = family.Parser(Functions);
        int[] plain = [.. family.Format.Tokenizer.Encode("The file says " + quoted).Select(token => token.Id)];

        List<AIContent> contents = [.. plain.SelectMany(parser.Append), .. parser.Finish(cut: false)];

        Assert.Equal("The file says " + quoted, ToolFamily.Describe(contents));
    }

    [Fact]
    public void StopSequencesEndTextAndLeaveCallsAlone()
    {
        var family = ToolFamily.Of("qwen25-style");
        var calling = family.Parser(Functions, "Oslo");
        var talking = family.Parser(Functions, "Oslo");

        List<AIContent> call = [.. family.Written("<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":\"Oslo\"}}</tool_call>").SelectMany(calling.Append), .. calling.Finish(cut: false)];
        List<AIContent> text = [.. family.Written("It rains in Oslo today.").SelectMany(talking.Append)];

        Assert.Equal("weather({\"city\":\"Oslo\"})", ToolFamily.Describe(call));
        Assert.Equal("It rains in ", ToolFamily.Describe(text));
        Assert.True(talking.Stopped);
    }

    [Fact]
    public void WithoutFunctionsEverythingIsText()
    {
        var family = ToolFamily.Of("qwen25-style");
        var parser = new AnswerParser(family.Format.Tokenizer, null, [], []);
        const string Written = "<tool_call>{\"name\":\"now\"}</tool_call>";

        Assert.Equal(Written, ToolFamily.Describe([.. family.Written(Written).SelectMany(parser.Append), .. parser.Finish(cut: false)]));
    }

    private static readonly char[] Letters = [.. Enumerable.Range(32, 95).Select(value => (char)value)];

    private static DomainTuning.Checkpoints.Tokenizers.ByteLevelBpeTokenizer ByteByByte() => DomainTuning.Checkpoints.Tokenizers.ByteLevelBpeTokenizer.FromParts(
        new DomainTuning.Checkpoints.Tokenizers.BpeVocabulary { Tokens = [.. Letters.Select(letter => letter == ' ' ? "Ġ" : letter.ToString())], Merges = [], PreTokenizer = "gpt-2" });
}
