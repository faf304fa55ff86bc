namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>
/// A JSON object: the properties in the order in which the schema names them, those that are not required may be left out; then further ones,
/// where it allows them. One order, because a set of orders grows with the factorial; what reads JSON does not care.
/// </summary>
internal sealed class ObjectRule : Rule
{
    /// <summary>Characters that a name which the schema does not give may have.</summary>
    private const int MostKeyCharacters = 64;

    private static readonly Terminal Empty = Terminal.Literal("{}"), Close = Terminal.Literal("}");
    private static readonly Lazy<(Terminal First, Terminal Later)> AnyName = new(() => Names(PatternMachine.Anything));
    private readonly IReadOnlyList<Property> properties;
    private readonly (Terminal First, Terminal Later)[] names;
    private readonly Rule? others;
    private readonly (Terminal First, Terminal Later) otherNames;
    private readonly int minProperties;
    private readonly int maxProperties;

    /// <param name="properties">In the order in which they are written.</param>
    /// <param name="others">Rule of further properties; null: there are none.</param>
    public ObjectRule(IReadOnlyList<Property> properties, Rule? others, int minProperties, int maxProperties)
    {
        (this.properties, this.others, this.minProperties, this.maxProperties) = (properties, others, minProperties, maxProperties);
        names = [.. properties.Select(property => (Name("{", property.Name, spaced: false), Name(",", property.Name, spaced: true)))];
        if (others is null) return;
        otherNames = properties.Count == 0
            ? AnyName.Value
            : Names(MachineDraft.Except(PatternMachine.Anything, MachineDraft.Literals(properties.Select(property => JsonLiteral.Content(property.Name)))));
    }

    public override void Begin(Frame? after, List<Place> places) => Members(new Frame(this, 0, 0, after, (after?.Depth ?? 0) + 1), places);

    public override void Resume(Frame frame, List<Place> places)
    {
        if (frame.Index >= 0)
        {
            Members(frame, places);
            return;
        }

        var index = ~frame.Index; // a name was written: its value comes
        var value = index < properties.Count ? properties[index].Value : others!;
        value.Begin(frame with { Index = Math.Min(index + 1, properties.Count), Count = frame.Count + 1 }, places);
    }

    protected override int Measure()
    {
        var required = properties.Count(property => property.Required);
        if (required > maxProperties || minProperties > maxProperties || (others is null && minProperties > properties.Count)) return Endless;
        var height = properties.Where(property => property.Required).Select(property => property.Value.Height).DefaultIfEmpty(0).Max();
        var optional = properties.Where(property => !property.Required).Select(property => property.Value.Height).Order().Take(Math.Max(0, minProperties - required)).ToList();
        if (optional.Count > 0) height = Math.Max(height, others is null ? optional[^1] : Math.Min(optional[^1], others.Height));
        else if (minProperties > required) height = Math.Max(height, others!.Height);
        return height + 1;
    }

    /// <summary>Which property can come next, and whether the object can end.</summary>
    private void Members(Frame frame, List<Place> places)
    {
        var (index, count) = (frame.Index, frame.Count);
        var more = others is not null && Fits(others, frame);
        var required = 0;
        for (var i = index; i < properties.Count; i++)
            if (properties[i].Required) required++;
        var missing = required > 0;
        for (var i = index; i < properties.Count; i++)
        {
            var property = properties[i];
            if (property.Required) required--;
            var room = count + 1 + required <= maxProperties;
            var enough = more || count + properties.Count - i >= minProperties;
            if (room && enough && Fits(property.Value, frame)) places.Add(Pick(names[i]).Start(frame with { Index = ~i }));
            if (property.Required) return;
        }

        if (more && count < maxProperties) places.Add(Pick(otherNames).Start(frame with { Index = ~properties.Count }));
        if (!missing && count >= minProperties) places.Add((count == 0 ? Empty : Close).Start(frame.After));

        Terminal Pick((Terminal First, Terminal Later) name) => count == 0 ? name.First : name.Later;
    }

    private static Terminal Name(string before, string name, bool spaced)
    {
        var content = MachineDraft.Literals([JsonLiteral.Content(name)]);
        return new Terminal(MachineDraft.Quoted(content, before, spaced, ":", spaceAfter: true));
    }

    private static (Terminal First, Terminal Later) Names(ByteMachine content) =>
        (new Terminal(MachineDraft.Quoted(content, "{", spaceBefore: false, ":", spaceAfter: true), MostKeyCharacters),
            new Terminal(MachineDraft.Quoted(content, ",", spaceBefore: true, ":", spaceAfter: true), MostKeyCharacters));

    internal sealed record Property(string Name, Rule Value, bool Required);
}
