namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>
/// A rule of a grammar: what may stand at one place. Rules may lead back to themselves; how deep containers lie in each other is bounded.
/// Immutable once built, shared by all answers.
/// </summary>
internal abstract class Rule
{
    /// <summary>How deep containers may lie in each other: half of what JSON readers of .NET take, and far beyond sense.</summary>
    public const int MostDepth = 32;

    /// <summary>More than any rule that can be satisfied needs.</summary>
    public const int Endless = 1 << 20;

    /// <summary>How many containers lie in each other at least; <see cref="Endless"/> for a rule that cannot end. Found by <see cref="Settle"/>, for terminals at once.</summary>
    public int Height { get; protected set; }

    /// <summary>Adds the places at which this rule can begin.</summary>
    /// <param name="after">What comes after the rule; null: the end.</param>
    /// <param name="places">Where the places are collected.</param>
    public abstract void Begin(Frame? after, List<Place> places);

    /// <summary>Adds the places at which this rule goes on after one of its parts has ended.</summary>
    public virtual void Resume(Frame frame, List<Place> places) => throw new InvalidOperationException("This rule has no parts.");

    /// <summary>Height from the parts' heights, or <see cref="Endless"/>.</summary>
    protected abstract int Measure();

    /// <summary>Finds the height of all rules: the least solution, from below nothing and above <see cref="Endless"/>.</summary>
    public static void Settle(IEnumerable<Rule> all)
    {
        Rule[] rules = [.. all.Where(rule => rule is not Terminal)]; // those are shared between grammars
        foreach (var rule in rules) rule.Height = Endless;
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var rule in rules)
            {
                var height = Math.Min(rule.Measure(), Endless);
                changed |= height != rule.Height;
                rule.Height = height;
            }
        }
    }

    protected static bool Fits(Rule rule, Frame? after) => (after?.Depth ?? 0) + rule.Height <= MostDepth;
}

/// <summary>What is to be done when a part of a rule has ended.</summary>
/// <param name="Owner">The rule.</param>
/// <param name="Index">Where it stands; the rule's own affair.</param>
/// <param name="Count">Parts written; the rule's own affair.</param>
/// <param name="After">What comes after the rule itself.</param>
/// <param name="Depth">Containers that are open here.</param>
internal sealed record Frame(Rule Owner, int Index, int Count, Frame? After, int Depth)
{
    private Place[]? next;

    /// <summary>The places after this.</summary>
    public Place[] Next
    {
        get
        {
            if (next is not null) return next;
            var places = new List<Place>();
            Owner.Resume(this, places);
            return next = [.. places];
        }
    }

    public bool Equals(Frame? other) =>
        ReferenceEquals(this, other) || (other is not null && Owner == other.Owner && Index == other.Index && Count == other.Count && Depth == other.Depth && Equals(After, other.After));

    public override int GetHashCode() => HashCode.Combine(Owner, Index, Count, Depth);
}

/// <summary>One way in which a text can be read so far: inside which terminal it stands, where there, and what comes after.</summary>
/// <param name="Leaf">A <see cref="Terminal"/> or <see cref="ControlToken"/>.</param>
/// <param name="State">State of the terminal's machine.</param>
/// <param name="Left">Characters that the string may still have.</param>
/// <param name="After">What comes after; null: the end.</param>
internal readonly record struct Place(Rule Leaf, int State, int Left, Frame? After);

/// <summary>Bytes that a machine accepts.</summary>
internal sealed class Terminal : Rule
{
    private readonly int mostCharacters;

    public Terminal(ByteMachine machine, int mostCharacters = 0)
    {
        (Machine, this.mostCharacters) = (machine, mostCharacters);
        Height = machine.IsEmpty || machine.Shortest > mostCharacters ? Endless : 0;
    }

    public ByteMachine Machine { get; }

    public static Terminal Literal(string text) => new(MachineDraft.Literals([text]));

    /// <summary>Where the terminal begins.</summary>
    public Place Start(Frame? after) => new(this, 0, mostCharacters, after);

    public override void Begin(Frame? after, List<Place> places) => places.Add(Start(after));

    protected override int Measure() => Height;
}

/// <summary>A token that steers and has no text, such as [TOOL_CALLS].</summary>
internal sealed class ControlToken(int id) : Rule
{
    public int Id => id;

    public override void Begin(Frame? after, List<Place> places) => places.Add(new Place(this, 0, 0, after));

    protected override int Measure() => 0;
}

/// <summary>Rules one after the other; none of them is empty.</summary>
internal sealed class InTurn(params IReadOnlyList<Rule> parts) : Rule
{
    public override void Begin(Frame? after, List<Place> places) => Part(0, after, places);

    public override void Resume(Frame frame, List<Place> places) => Part(frame.Index, frame.After, places);

    protected override int Measure() => parts.Max(part => part.Height);

    private void Part(int index, Frame? after, List<Place> places) =>
        parts[index].Begin(index == parts.Count - 1 ? after : new Frame(this, index + 1, 0, after, after?.Depth ?? 0), places);
}

/// <summary>One of several rules. They are added after it was made, so that they can lead back to it.</summary>
internal sealed class Choice : Rule
{
    public List<Rule> Alternatives { get; } = [];

    public override void Begin(Frame? after, List<Place> places)
    {
        foreach (var alternative in Alternatives)
            if (Fits(alternative, after)) alternative.Begin(after, places);
    }

    protected override int Measure() => Alternatives.Select(alternative => alternative.Height).DefaultIfEmpty(Endless).Min();
}
