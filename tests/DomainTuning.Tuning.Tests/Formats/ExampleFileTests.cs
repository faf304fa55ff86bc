using DomainTuning.Training;
using DomainTuning.Tuning.Examples;
using DomainTuning.Tuning.Formats;

namespace DomainTuning.Tuning.Tests.Formats;

public sealed class ExampleFileTests
{
    [Theory]
    [InlineData("""{"messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "What is M3?"}, {"role": "assistant", "content": "Spindle on"}]}""")]
    [InlineData("""{"conversations": [{"from": "system", "value": "Be short."}, {"from": "human", "value": "What is M3?"}, {"from": "gpt", "value": "Spindle on"}]}""")]
    [InlineData("""{"conversations": [{"from": "human", "value": "What is M3?"}, {"from": "gpt", "value": "Spindle on"}], "system": "Be short."}""")]
    [InlineData("""{"instruction": "What is M3?", "input": "", "output": "Spindle on", "system": "Be short."}""")]
    [InlineData("""[{"instruction": "What is M3?", "output": "Spindle on", "system": "Be short."}]""")]
    public void EveryFormatGivesTheSameConversation(string text)
    {
        var example = Assert.Single(ExampleFile.Parse(text, "hand.jsonl"));

        Assert.Equal([new ExampleMessage("system", "Be short."), new("user", "What is M3?"), new("assistant", "Spindle on")], example.Messages);
        Assert.Equal("hand.jsonl:1", example.Id);
        Assert.Equal("hand", example.Kind);
    }

    [Fact]
    public void AnAlpacaInputFollowsItsInstruction()
    {
        var example = Assert.Single(ExampleFile.Parse("""{"instruction": "Shorten.", "input": "A long text", "output": "Text"}""", "a"));

        Assert.Equal("Shorten.\nA long text", example.Messages[0].Content);
    }

    [Theory]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}\n\n{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}", "line 3: ends with a message of the user")]
    [InlineData("{\"messages\": [{\"role\": \"robot\", \"content\": \"a\"}]}", "line 1: has a message of 'robot'")]
    [InlineData("{\"question\": \"a\"}", "line 1: has the keys question; \"messages\"")]
    [InlineData("{\"instruction\": \"a\", \"output\": \"b\"}\n{\"instruction\": \"a\"}", "line 2: lacks the text \"output\"")]
    [InlineData("{\"instruction\": \"a\", \"output\": \"b\"}\nnot json", "line 2: is not one JSON object")]
    [InlineData("[{\"instruction\": \"a\", \"output\": \"b\"},\n {\"instruction\": 5}]", "line 2: has a \"instruction\" that is no text")]
    [InlineData("", "holds no example")]
    public void AFaultNamesItsLine(string text, string message)
    {
        var failure = Assert.Throws<ExampleException>(() => ExampleFile.Parse(text, "hand.jsonl"));

        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }
}
