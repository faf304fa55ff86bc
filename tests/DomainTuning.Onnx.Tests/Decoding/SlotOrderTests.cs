using DomainTuning.Onnx.Decoding;

namespace DomainTuning.Onnx.Tests.Decoding;

public sealed class SlotOrderTests
{
    private static readonly object A = new(), B = new(), C = new();

    [Fact]
    public void AfterTheExchangesEveryGroupLiesTogetherAndNobodyIsLost()
    {
        var random = new Random(1);
        for (var trial = 0; trial < 2000; trial++)
        {
            object?[] slots = [.. Enumerable.Range(0, 8).Select(_ => new[] { null, A, B, C }[random.Next(4)])];
            object?[] after = [.. slots];
            foreach (var (x, y) in SlotOrder.Exchanges(slots)) (after[x], after[y]) = (after[y], after[x]);

            foreach (var group in new[] { A, B, C })
            {
                var places = Enumerable.Range(0, 8).Where(slot => after[slot] == group).ToList();
                Assert.Equal(slots.Count(other => other == group), places.Count);
                if (places.Count > 0) Assert.Equal(places.Count, places[^1] - places[0] + 1);
            }
        }
    }

    [Fact]
    public void WhatLiesTogetherIsLeftWhereItIs() => Assert.Empty(SlotOrder.Exchanges([null, A, A, null, B, null, C, C]));

    [Fact]
    public void ANewcomerIsPutBesideItsGroupAndPartsNoOther()
    {
        Assert.Equal(3, SlotOrder.Place([A, null, A, null, B, null, null], B));
        Assert.Equal(3, SlotOrder.Place([A, null, A, null, B, null, null], C));
        Assert.Equal(1, SlotOrder.Place([A, null, A], C)); // the only one
    }
}
