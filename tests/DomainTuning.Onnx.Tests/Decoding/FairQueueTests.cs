using DomainTuning.Onnx.Decoding;

namespace DomainTuning.Onnx.Tests.Decoding;

public sealed class FairQueueTests
{
    [Fact]
    public void LinesTakeTurnsAndEachKeepsItsOrder()
    {
        var queue = new FairQueue<string>();
        foreach (var waiter in new[] { "a1", "a2", "a3", "b1", "b2", "c1" }) queue.Enqueue(string.Intern(waiter[..1]), waiter);

        Assert.Equal(["a1", "b1", "c1", "a2", "b2", "a3"], Drain(queue));
    }

    [Fact]
    public void AShortLineWaitsForOneOfALongOne()
    {
        var queue = new FairQueue<string>();
        for (var i = 0; i < 100; i++) queue.Enqueue("long", $"long {i}");
        queue.Dequeue(_ => true);
        queue.Enqueue("short", "short");

        Assert.Equal(["long 1", "short", "long 2"], Drain(queue).Take(3));
    }

    [Fact]
    public void WhoMayNotGoKeepsItsTurn()
    {
        var queue = new FairQueue<string>();
        foreach (var waiter in new[] { "a1", "b1", "b2" }) queue.Enqueue(string.Intern(waiter[..1]), waiter);

        Assert.Equal("b1", queue.Dequeue(waiter => waiter != "a1"));
        Assert.Equal("a1", queue.Dequeue(_ => true));
        Assert.Null(queue.Dequeue(_ => false));
        Assert.Equal(1, queue.Count);
    }

    [Fact]
    public void WhoeverIsTakenOutIsNotServed()
    {
        var queue = new FairQueue<string>();
        foreach (var waiter in new[] { "a1", "a2", "b1" }) queue.Enqueue(string.Intern(waiter[..1]), waiter);

        Assert.Equal(["a1", "b1"], queue.RemoveAll(waiter => waiter[1] == '1'));
        Assert.Equal(["a2"], Drain(queue));
    }

    private static List<string> Drain(FairQueue<string> queue)
    {
        var served = new List<string>();
        while (queue.Dequeue(_ => true) is { } waiter) served.Add(waiter);
        return served;
    }
}
