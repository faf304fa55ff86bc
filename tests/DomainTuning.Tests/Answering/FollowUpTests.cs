using DomainTuning.Answering;

namespace DomainTuning.Tests.Answering;

public sealed class FollowUpTests
{
    [Theory]
    [InlineData("What does G4 do?|Does it stop the spindle?", "Does it stop the spindle? (G4)")]
    [InlineData("In what unit is the P word of G4?|And of G5?", "And of G5? (unit P word)")]
    [InlineData("What does M48 enable?|How do I disable that?", "How do I disable that? (M48 enable)")]
    [InlineData("What is HOME_SEARCH_VEL?|What about the default?", "What about the default? (HOME_SEARCH_VEL)")]
    [InlineData("What is HOME_SEARCH_VEL?|Why?", "Why? (HOME_SEARCH_VEL)")]
    [InlineData("What does G4 do?|Does it stop the spindle?|And the coolant?", "And the coolant? (stop spindle G4)")]
    [InlineData("What does G4 do?|How is the tool table file named?", "How is the tool table file named?")]
    [InlineData("What does G4 do?|Which setting sets the limit that a joint must not pass?", "Which setting sets the limit that a joint must not pass?")]
    [InlineData("What does G4 do?|If a worn tool breaks, how do I replace it?", "If a worn tool breaks, how do I replace it?")]
    [InlineData("What does G4 do?|What does G64 do?", "What does G64 do?")]
    [InlineData("Does it stop the spindle?", "Does it stop the spindle?")]
    public void AFollowUpCarriesItsSubject(string questions, string standalone) => Assert.Equal(standalone, FollowUp.Standalone(questions.Split('|')));

    [Theory]
    [InlineData("Does G4 stop the spindle?", true)]
    [InlineData("Does G4 with a P word stop the spindle?", false)]
    [InlineData("Does G4 affect the coolant?", false)]
    [InlineData("Does it stop the spindle?", false)]
    [InlineData("Does G4 stop the spindle?\nYes, it does.", false)]
    public void ARewriteIsTakenOnlyWithTheWordsOfQuestionAndHistory(string rewritten, bool accepted) =>
        Assert.Equal(accepted, FollowUp.Accepts(rewritten, "Does it stop the spindle?", ["What does G4 do?", "It waits."]));
}
