using DomainTuning.Answering;

namespace DomainTuning.Tests.Answering;

public sealed class SupportRuleTests
{
    private const string Dwell = "The P number is the time in seconds that all axes will remain unmoving. G4 does not affect spindle, coolant and any I/O.";

    [Theory]
    [InlineData(Dwell, "What is the P number of G4?", "The P number is the time in seconds that the axes remain unmoving.")]
    [InlineData(Dwell, "Does G4 stop the spindle?", "G4 doesn't affect the spindle or the coolant.")]
    [InlineData("MAX_LIMIT = 1000 - The maximum limit for axis motion, in machine units.", "What is MAX_LIMIT?", "MAX_LIMIT is the maximum limit for axis motion.")]
    [InlineData("Up to 16 modules can be connected to the bus altogether.", "How many modules can be connected to the RS485 bus?", "Up to 16 modules can be connected to the RS485 bus.")]
    [InlineData("The usable range is 2,147,483,647.", "What is the range?", "The usable range is 2147483647.")]
    public void ASentenceInTheQuotesWordsIsSupported(string quote, string question, string sentence) => Assert.True(SupportRule.Supports(quote, "", question, sentence));

    [Theory]
    [InlineData(Dwell, "What is the P number of G4?", "The P number is the time in milliseconds that all axes remain unmoving.", "another unit")]
    [InlineData(Dwell, "Does G4 stop the spindle?", "G4 does affect spindle and coolant.", "the denial is gone")]
    [InlineData(Dwell, "Does G4 stop the spindle?", "The P number is not the time in seconds that all axes remain unmoving.", "a denial is new")]
    [InlineData(Dwell, "Does G5 stop the spindle?", "G6 does not affect spindle, coolant and any I/O.", "another code")]
    [InlineData("The default is 100.", "Is the default 50?", "The default is 50.", "the number is only in the question")]
    [InlineData("M48 enables the spindle speed and feed rate override controls.", "What does M48 do?", "M48 disables the spindle speed and feed rate override controls.", "the opposite")]
    [InlineData("Turn the pump off before the valve opens.", "When is the pump turned?", "Turn the pump on before the valve opens.", "on for off")]
    [InlineData("The valve opens before the pump starts.", "When does the valve open?", "The valve opens after the pump starts.", "after for before")]
    [InlineData("The offset is -1.", "What is the offset?", "The offset is 1.", "the sign")]
    [InlineData(Dwell, "What is the P number of G4?", "What is the P number of G4?", "only the question")]
    [InlineData(Dwell, "What is G4?", "LinuxCNC was written by engineers at a national institute of standards.", "from elsewhere")]
    [InlineData(Dwell, "What is G4?", "Yes.", "says nothing")]
    public void ASentenceThatSaysAnythingElseIsNot(string quote, string question, string sentence, string why) =>
        Assert.False(SupportRule.Supports(quote, "", question, sentence), why);

    [Fact]
    public void HeadingsMayNameTheSubject()
    {
        const string quote = "Select from one of 16 input values.";

        Assert.True(SupportRule.Supports(quote, "HAL components > mux16", "What does it do?", "The mux16 component selects from one of 16 input values."));
        Assert.False(SupportRule.Supports(quote, "HAL components > mux4", "What does it do?", "The mux16 component selects from one of 16 input values."));
    }
}
