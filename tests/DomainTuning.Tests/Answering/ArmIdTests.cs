using DomainTuning.Answering;

namespace DomainTuning.Tests.Answering;

public sealed class ArmIdTests
{
    [Theory]
    [InlineData("smollm2", "smollm2", null, null)]
    [InlineData("smollm2:pumps", "smollm2", "pumps", null)]
    [InlineData("smollm2@pumps", "smollm2", null, "pumps")]
    [InlineData("smollm2:a1@pumps", "smollm2", "a1", "pumps")]
    [InlineData("quote@pumps", "quote", null, "pumps")]
    public void AnIdNamesModelAdapterAndCorpus(string text, string model, string? adapter, string? corpus)
    {
        var arm = ArmId.Parse(text);

        Assert.Equal(new ArmId(model, adapter, corpus), arm);
        Assert.Equal(text, arm.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("@pumps")]
    [InlineData("smollm2@")]
    [InlineData("smollm2:")]
    [InlineData("smollm2:a:b")]
    [InlineData("quote")]
    public void AnIncompleteIdIsRefused(string text) => Assert.Throws<FormatException>(() => ArmId.Parse(text));
}
