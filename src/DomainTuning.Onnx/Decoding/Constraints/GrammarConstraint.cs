using System.Numerics;
using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>
/// Holds an answer to a grammar. The tokens that end a turn are allowed exactly where the text is complete, and forced where nothing else is left.
/// An answer that reaches its longest length first is cut there and is no complete text: its finish reason says so.
/// </summary>
internal sealed class GrammarConstraint : TokenConstraint
{
    private readonly ChatTokenizer tokenizer;
    private readonly VocabularyMasks masks;
    private readonly IReadOnlySet<int> stopTokens;
    private readonly ulong[] allowed;
    private readonly List<int>[] exits = [[], [], [], []];
    private Place[] places;

    public GrammarConstraint(Rule grammar, ChatTokenizer tokenizer, VocabularyMasks masks, IReadOnlySet<int> stopTokens)
    {
        (this.tokenizer, this.masks, this.stopTokens) = (tokenizer, masks, stopTokens);
        allowed = new ulong[masks.Words];
        var start = new List<Place>();
        grammar.Begin(after: null, start);
        places = [.. start];
    }

    public override bool IsComplete => Array.Exists(places, place => IsEnd(place));

    public override void Mask(Span<float> logits)
    {
        Array.Clear(allowed);
        foreach (var place in places) Allow(place);
        foreach (var stop in stopTokens) allowed[stop >> 6] &= ~(1ul << stop); // some have a text, which may stand in a string: not so here
        if (IsComplete || !Array.Exists(allowed, word => word != 0))
            foreach (var stop in stopTokens) allowed[stop >> 6] |= 1ul << stop;

        for (var word = 0; word < allowed.Length; word++)
        {
            var forbidden = ~allowed[word];
            var row = logits[Math.Min(logits.Length, word << 6)..];
            if (row.Length > 64) row = row[..64];
            if (forbidden == ulong.MaxValue) row.Fill(float.NegativeInfinity);
            else
                for (; forbidden != 0; forbidden &= forbidden - 1)
                    if (BitOperations.TrailingZeroCount(forbidden) is var bit && bit < row.Length) row[bit] = float.NegativeInfinity;
        }

        if (logits.Length > allowed.Length << 6) logits[(allowed.Length << 6)..].Fill(float.NegativeInfinity); // embeddings that no token uses
    }

    public override void Accept(int token)
    {
        if (stopTokens.Contains(token)) return;
        if (tokenizer.IsControl(token))
        {
            var next = new List<Place>();
            foreach (var place in places)
            {
                if (place.Leaf is ControlToken control && control.Id == token) next.AddRange(place.After?.Next ?? []);
                if (MayLeave(place))
                    foreach (var follower in place.After!.Next)
                        if (follower.Leaf is ControlToken other && other.Id == token) next.AddRange(follower.After?.Next ?? []);
            }

            places = [.. next.Distinct()];
            return;
        }

        foreach (var value in tokenizer.BytesOf(token).Span) places = Step(places, value);
    }

    /// <summary>Whether a grammar allows a whole text; for terminals of bytes alone.</summary>
    public static bool Accepts(Rule grammar, ReadOnlySpan<byte> text) => Array.Exists(After(grammar, text), place => IsEnd(place));

    /// <summary>Whether a text that the grammar allows can begin so.</summary>
    public static bool CanBegin(Rule grammar, ReadOnlySpan<byte> text) => After(grammar, text).Length > 0;

    private static Place[] After(Rule grammar, ReadOnlySpan<byte> text)
    {
        var start = new List<Place>();
        grammar.Begin(after: null, start);
        Place[] places = [.. start];
        foreach (var value in text) places = Step(places, value);
        return places;
    }

    private static Place[] Step(Place[] places, byte value)
    {
        var next = new List<Place>(places.Length);
        foreach (var place in places)
        {
            Inside(place);
            if (!MayLeave(place)) continue;
            foreach (var follower in place.After!.Next) Inside(follower);
        }

        return next.Count < 2 ? [.. next] : [.. next.Distinct()];

        void Inside(Place place)
        {
            var (state, left) = (place.State, place.Left);
            if (place.Leaf is Terminal terminal && terminal.Machine.Step(ref state, ref left, value)) next.Add(place with { State = state, Left = left });
        }
    }

    private static bool MayLeave(Place place) => place.After is not null && place.Leaf is Terminal terminal && terminal.Machine.IsAccepting(place.State);

    private static bool IsEnd(Place place) => place.After is null && place.Leaf is Terminal terminal && terminal.Machine.IsAccepting(place.State);

    private void Allow(Place place)
    {
        if (place.Leaf is ControlToken control)
        {
            allowed[control.Id >> 6] |= 1ul << control.Id;
            return;
        }

        var terminal = (Terminal)place.Leaf;
        var mask = masks.Of(terminal.Machine, place.State, place.Left);
        for (var word = 0; word < allowed.Length; word++) allowed[word] |= mask.Allowed[word];
        if (place.After is null) return;
        if (mask.Exits.Length > 0)
            foreach (var follower in place.After.Next) WalkOn(follower, mask.Exits, depth: 0);
        if (terminal.Machine.IsAccepting(place.State))
            foreach (var follower in place.After.Next) Allow(follower);
    }

    /// <summary>Tokens that go on behind the end of a terminal: rarely many, but they are why a token such as <c>"},{"</c> can be used.</summary>
    private void WalkOn(Place place, IReadOnlyList<int> nodes, int depth)
    {
        if (place.Leaf is not Terminal terminal) return;
        var leaving = depth < exits.Length ? exits[depth] : [];
        leaving.Clear();
        foreach (var node in nodes) masks.Trie.Walk(terminal.Machine, place.State, place.Left, node, allowed, leaving);
        if (leaving.Count == 0 || place.After is null) return;
        foreach (var follower in place.After.Next) WalkOn(follower, leaving, depth + 1);
    }
}
