using DomainTuning.Stores.Conversations;

namespace DomainTuning.Stores.Tests;

public sealed class ConversationFileTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TurnsThatComeAtOnceAreAllKeptWhole()
    {
        using var folder = new TemporaryFolder();
        var made = await Open(folder).CreateAsync("anna", null, null, Cancelled);

        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Open(folder).AppendAsync("anna", made.Id, Turn(i), Cancelled)));

        var messages = await Open(folder).MessagesAsync("anna", made.Id, Cancelled);
        Assert.Equal(24, messages.Count);
        Assert.All(messages.Chunk(2), turn => Assert.Equal($"answer to {turn[0].Content}", turn[1].Content));
        Assert.Equal(24, (await Open(folder).FindAsync("anna", made.Id, Cancelled))!.Messages);
    }

    [Fact]
    public async Task WhatBelongsToAnotherIsNotThere()
    {
        using var folder = new TemporaryFolder();
        var file = Open(folder);
        var made = await file.CreateAsync("anna", "Pumps", "quote@pumps", Cancelled);

        Assert.Null(await file.FindAsync("ben", made.Id, Cancelled));
        Assert.False(await file.AppendAsync("ben", made.Id, Turn(1), Cancelled));
        Assert.False(await file.RenameAsync("ben", made.Id, "mine", Cancelled));
        Assert.False(await file.DeleteAsync("ben", made.Id, Cancelled));
        Assert.Empty(await file.ListAsync("ben", 10, Cancelled));
        Assert.Equal("Pumps", Assert.Single(await file.ListAsync("anna", 10, Cancelled)).Title);
        Assert.True(await file.DeleteAsync("anna", made.Id, Cancelled));
        Assert.Empty(await file.MessagesAsync("anna", made.Id, Cancelled));
    }

    [Fact]
    public async Task AFileOfSomethingElseIsLeftAlone()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["conversations.db"], "my diary, which is much longer than the header of a database would ever be", Cancelled);

        var error = await Assert.ThrowsAsync<IOException>(() => Open(folder).CreateAsync("", null, null, Cancelled));

        Assert.Contains("conversations.db", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("my diary", await File.ReadAllTextAsync(folder["conversations.db"], Cancelled), StringComparison.Ordinal);
    }

    private static ConversationFile Open(TemporaryFolder folder) => new(folder["conversations.db"], TimeProvider.System);

    private static ConversationMessage[] Turn(int number) =>
        [new("user", $"question {number}", null, TimeProvider.System.GetUtcNow()), new("assistant", $"answer to question {number}", "quote@pumps", TimeProvider.System.GetUtcNow())];
}
