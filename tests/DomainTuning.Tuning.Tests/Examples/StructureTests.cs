using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Tuning.Examples.Structure;

namespace DomainTuning.Tuning.Tests.Examples;

public sealed class StructureTests
{
    [Fact]
    public void AnItemIsAskedInBothDirectionsAndForItsDefaultAndValue()
    {
        var facts = Items.Of(Read("• MAX_FLOW = 40 - The upper limit of the flow in litres. Default is 25.")).ToList();

        Assert.Contains(facts, fact => fact.Answer == "The upper limit of the flow in litres" && fact.Phrasings[0] == "What does MAX_FLOW do{in}?");
        Assert.Contains(facts, fact => fact.Answer == "MAX_FLOW" && fact.Phrasings[0] == "Which setting is the upper limit of the flow in litres{in}?");
        Assert.Contains(facts, fact => fact.Answer == "25");
        Assert.Contains(facts, fact => fact.Answer == "40");
    }

    [Theory]
    [InlineData("• (bit) ax5214.<boardnum>.out-<pinnum>-invert — Inverts an output pin.", "ax5214.<boardnum>.out-<pinnum>-invert", "Inverts an output pin")]
    [InlineData("• iocontrol.0.lube (Bit, Out) TRUE when lube is requested.", "iocontrol.0.lube", "TRUE when lube is requested")]
    [InlineData("• position-scale - (Float, RW) Converts from counts to position units.", "position-scale", "Converts from counts to position units")]
    [InlineData("• M67 - set an analog output synchronized with motion.", "M67", "set an analog output synchronized with motion")]
    [InlineData("<Prefix>.counts (s32 out)\n\nAccumulated counts from the jog wheel.", "<Prefix>.counts", "Accumulated counts from the jog wheel")]
    public void FormsOfListsAreRead(string text, string name, string description)
    {
        var facts = Items.Of(Read(text)).ToList();

        Assert.Contains(facts, fact => fact.Subject == name && fact.Answer == description);
    }

    [Theory]
    [InlineData("• See G90 & M2 sections for more information.")]
    [InlineData("• loads the CPU")]
    [InlineData("• opto_ac5.0.port0.in-00 - They would be numbered from 00 to 11")]
    [InlineData("• M70 - Saved stateM70 of the machine")]
    [InlineData("• G76 - see the section below for the threading cycle")]
    public void WhatIsNoWholeStatementIsLeftOut(string text) => Assert.Empty(Items.Of(Read(text)));

    [Fact]
    public void ATableAnswersByItsHeadAndOneThatWasReadWronglyByNothing()
    {
        var facts = Tables.Of(Read("P Value | Coordinate System | G-code\n0 | Active | n/a\n1 | 1 | G54\n2 | 2 | G55")).ToList();

        Assert.Contains(facts, fact => fact.Answer == "G55" && fact.Phrasings[0] == "What is the G-code of 2{in}?");
        Assert.Contains(facts, fact => fact.Answer == "1" && fact.Subject == "G54");
        Assert.DoesNotContain(facts, fact => fact.Answer == "n/a");
        Assert.Empty(Tables.Of(Read("Name | Meaning | Type\nA1 | first\nB2 | second | float | extra")));
    }

    [Fact]
    public void AHeadingWithACodeIsAskedByWhatItOrders()
    {
        var facts = CodeHeadings.Of(Read("11.5.30 G43.2 Apply additional Tool Length Offset\n\nG43.2 adds an offset.")).ToList();

        Assert.Contains(facts, fact => fact.Answer == "Apply additional Tool Length Offset");
        Assert.Contains(facts, fact => fact.Answer == "G43.2" && fact.Phrasings[0] == "Which code do I use to apply additional tool length offset?");
    }

    [Fact]
    public void OnlyOrdersAreSteps()
    {
        var facts = Steps.Of(Read("2.4 Service of the pump\n\n1. Close the outlet tap.\n\n2. Remove the four screws of the lid.\n\n3. The letters X and Y name the axes.")).ToList();

        Assert.Equal(["Close the outlet tap", "Remove the four screws of the lid"], facts.Select(fact => fact.Answer));
    }

    [Fact]
    public void ASentenceThatDefinesIsAskedAndOneThatPointsIsNot()
    {
        var facts = Definitions.Of("a.pdf", Read("The PWM period is approximately 19.5 kHz. Halmeter is a tool for looking at one pin. This is a very useful thing. The file is 3 pages long.")).ToList();

        Assert.Equal(["approximately 19.5 kHz", "a tool for looking at one pin"], facts.Select(fact => fact.Answer));
        Assert.Equal("What is the PWM period{in}?", facts[0].Phrasings[0]);
    }

    [Theory]
    [InlineData("hal § 5.8.3 Encoder", "HAL § 5.8.3.2 Pins of it")]
    [InlineData("glossary § Chapter 15 Glossary", "glossary § Chapter 15")]
    [InlineData("a § Notes", "a § notes")]
    public void NamesOfOneSectionShareAKey(string one, string other) => Assert.Equal(SectionName.Parse(one).Key, SectionName.Parse(other).Key);

    [Fact]
    public void ALineBelongsToTheLastNumberedHeadingAboveIt()
    {
        var chunk = Chunk("11.6.16 M66 Wait on Input\n\nM66 waits.\n\n11.6.17 M67 Analog Output\n\nM67 sets an output.", "G-code", "11.6 M-Codes");

        Assert.Equal(["gcode § 11.6.16 M66 Wait on Input", "gcode § 11.6.17 M67 Analog Output"], Paragraph.Of("gcode.pdf", chunk).Select(paragraph => paragraph.Section.ToString()));
    }

    private static List<Paragraph> Read(string text) => [.. Paragraph.Of("a.pdf", Chunk(text, "Manual"))];

    private static Chunk Chunk(string text, params string[] headings)
    {
        var id = DocumentId.From(new string('0', 64), "a.pdf");
        return new Chunk { Id = ChunkId.From("test", id, 0, text), DocumentId = id, Position = 0, Text = text, HeadingPath = headings, Parts = [new ChunkPart(1, 0, text.Length, Box.None)], TokenCount = 10 };
    }
}
