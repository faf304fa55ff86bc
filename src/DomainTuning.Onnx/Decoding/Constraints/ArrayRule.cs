namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>A JSON array: the first items each by a rule of their own, the others by one for all; "[1, 2]" or "[1,2]".</summary>
/// <param name="first">Rules of the first items.</param>
/// <param name="others">Rule of the items after those; null: there are none.</param>
internal sealed class ArrayRule(IReadOnlyList<Rule> first, Rule? others, int minItems, int maxItems) : Rule
{
    private static readonly Terminal Empty = Terminal.Literal("[]"), Open = Terminal.Literal("["), Close = Terminal.Literal("]");
    private static readonly Terminal Comma = new(MachineDraft.Punctuation(","));

    public override void Begin(Frame? after, List<Place> places)
    {
        var depth = (after?.Depth ?? 0) + 1;
        if (minItems == 0) places.Add(Empty.Start(after));
        if (Item(0) is { } item && item.Height + depth <= MostDepth) places.Add(Open.Start(new Frame(this, ~0, 0, after, depth)));
    }

    public override void Resume(Frame frame, List<Place> places)
    {
        if (frame.Index < 0)
        {
            Item(~frame.Index)!.Begin(frame with { Index = ~frame.Index, Count = frame.Count + 1 }, places);
            return;
        }

        if (frame.Count >= minItems) places.Add(Close.Start(frame.After));
        if (Item(frame.Count) is { } item && Fits(item, frame)) places.Add(Comma.Start(frame with { Index = ~frame.Count }));
    }

    protected override int Measure()
    {
        var height = 1;
        for (var i = 0; i < Math.Min(minItems, first.Count + 1); i++) height = Math.Max(height, 1 + (Item(i)?.Height ?? Endless));
        return minItems > maxItems ? Endless : height;
    }

    private Rule? Item(int index) => index >= maxItems ? null : index < first.Count ? first[index] : others;
}
