using System.Text;
using System.Text.Json;

namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>
/// Turns a JSON schema into the grammar of the texts that answers may be. Every such text satisfies the schema; not every text that does is one:
/// white space is at most one space after a colon or comma, properties come in the schema's order, strings and numbers have one spelling,
/// lengths are bounded, containers lie at most <see cref="Rule.MostDepth"/> deep, and where properties are named but additionalProperties is not,
/// there are no others. So a small model cannot write blanks or digits for ever, nor invent properties.
/// </summary>
internal sealed class SchemaGrammar
{
    /// <summary>Characters of a string without maxLength: eight pages, more than any answer's tokens allow.</summary>
    private const int MostCharacters = 16_384;

    /// <summary>Items of an array without maxItems, and properties of an object without maxProperties.</summary>
    private const int MostItems = 4_096;

    private static readonly Terminal AnyString = new(MachineDraft.Quoted(PatternMachine.Anything), MostCharacters);
    private static readonly Terminal AnyNumber = new(new NumberMachine().Build());
    private static readonly Terminal AnyInteger = new(new NumberMachine { IsInteger = true }.Build());
    private static readonly Terminal Boolean = new(MachineDraft.Literals(["true", "false"]));
    private static readonly Terminal Null = Terminal.Literal("null");
    private readonly SchemaReader reader;
    private readonly Dictionary<string, Choice> known = new(StringComparer.Ordinal);
    private readonly List<Rule> rules = [];

    private SchemaGrammar(JsonElement root) => reader = new SchemaReader(root);

    /// <summary>Any JSON object: what response_format json_object asks for.</summary>
    public static Rule AnyObject { get; } = Compile(JsonDocument.Parse("""{"type":"object"}""").RootElement);

    /// <exception cref="NotSupportedException">A keyword cannot be honoured, or no value satisfies the schema.</exception>
    /// <exception cref="ArgumentException">The schema is not well-formed.</exception>
    public static Rule Compile(JsonElement schema)
    {
        var grammar = new SchemaGrammar(schema);
        var root = grammar.RuleOf([new Located(schema, "#")]);
        Rule.Settle(grammar.rules);
        if (root.Height > Rule.MostDepth)
            throw new NotSupportedException($"No JSON value of at most {Rule.MostDepth} levels satisfies the schema: its keywords contradict each other, or a reference leads back to itself without end.");
        return root;
    }

    /// <summary>The rule of values that satisfy all of these schemas. Known by their places, so that recursion closes.</summary>
    private Choice RuleOf(IReadOnlyList<Located> schemas)
    {
        var key = string.Join('&', schemas.Select(schema => schema.Pointer).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        if (known.TryGetValue(key, out var rule)) return rule;
        known[key] = rule = Add(new Choice());
        foreach (var given in reader.Cases(schemas)) AddCase(rule, given, schemas.Count == 0 ? "#" : schemas[0].Pointer);
        return rule;
    }

    private void AddCase(Choice rule, SchemaCase given, string pointer)
    {
        if (given.Values is { } values)
        {
            var free = new Choice();
            AddCase(free, given with { Values = null }, pointer);
            string[] texts = [.. values.Select(JsonLiteral.Write).Where(text => GrammarConstraint.Accepts(free, Encoding.UTF8.GetBytes(text))).Distinct(StringComparer.Ordinal)];
            if (texts.Length > 0) rule.Alternatives.Add(Add(new Terminal(MachineDraft.Literals(texts))));
            return;
        }

        // Without a type, what the keywords speak of is meant.
        var types = given.Types == JsonTypes.Any && given.Mentioned != JsonTypes.None ? given.Mentioned : given.Types;
        if (types.HasFlag(JsonTypes.String)) rule.Alternatives.Add(Add(StringRule(given)));
        if ((types & JsonTypes.Number) != 0) rule.Alternatives.Add(Add(NumberRule(given, isInteger: !types.HasFlag(JsonTypes.Fraction), pointer)));
        if (types.HasFlag(JsonTypes.Boolean)) rule.Alternatives.Add(Add(Boolean));
        if (types.HasFlag(JsonTypes.Null)) rule.Alternatives.Add(Add(Null));
        if (types.HasFlag(JsonTypes.Object)) rule.Alternatives.Add(Add(Object(given)));
        if (types.HasFlag(JsonTypes.Array)) rule.Alternatives.Add(Add(Array(given)));
    }

    private static Terminal StringRule(SchemaCase given)
    {
        if (given is { MinLength: 0, MaxLength: null, Patterns.Count: 0 }) return AnyString;
        var content = PatternMachine.Anything;
        var where = "#";
        try
        {
            foreach (var (pattern, pointer) in given.Patterns)
            {
                where = pointer;
                var machine = PatternMachine.Build(Pattern.Parse(pattern));
                content = ReferenceEquals(content, PatternMachine.Anything) ? machine : MachineDraft.Both(content, machine);
            }

            if (given.MinLength > 0) content = MachineDraft.AtLeast(content, given.MinLength);
            return new Terminal(MachineDraft.Quoted(content), given.MaxLength ?? MostCharacters);
        }
        catch (NotSupportedException error)
        {
            throw new NotSupportedException($"The JSON schema's pattern at {where} cannot be followed: {error.Message}. Simplify it, or leave it out and check the answer instead.", error);
        }
        catch (MachineTooLargeException error)
        {
            throw new NotSupportedException($"The JSON schema's limits of a text at {where} cannot be followed: {error.Message}. Use a shorter minLength or a simpler pattern.", error);
        }
    }

    private static Terminal NumberRule(SchemaCase given, bool isInteger, string pointer)
    {
        if (given is { Minimum: null, Maximum: null, Multiples.Count: 0 }) return isInteger ? AnyInteger : AnyNumber;
        var number = new NumberMachine
        {
            IsInteger = isInteger,
            Minimum = given.Minimum,
            Maximum = given.Maximum,
            ExcludesMinimum = given.ExcludesMinimum,
            ExcludesMaximum = given.ExcludesMaximum,
        };
        foreach (var multiple in given.Multiples) number = Multiple(number, multiple, pointer);
        return new Terminal(number.Build());
    }

    private static NumberMachine Multiple(NumberMachine number, decimal multiple, string pointer)
    {
        const int MostMultiple = 1000;
        if (multiple is >= 1 and <= MostMultiple && multiple == decimal.Floor(multiple))
        {
            var common = (long)number.Multiple * (long)multiple / Greatest(number.Multiple, (int)multiple);
            if (common <= MostMultiple) return number with { IsInteger = true, Multiple = (int)common };
        }

        for (var (digits, step) = (1, 0.1m); digits <= 15; digits++, step /= 10)
            if (multiple == step) return number with { FractionDigits = Math.Min(number.FractionDigits, digits) };
        throw new NotSupportedException($"The JSON schema uses 'multipleOf' {multiple} at {pointer}; whole numbers up to {MostMultiple} and 0.1, 0.01, … can be followed. Leave it out and check the answer instead.");

        static int Greatest(int a, int b) => b == 0 ? a : Greatest(b, a % b);
    }

    private ObjectRule Object(SchemaCase given)
    {
        var required = given.Required.ToHashSet(StringComparer.Ordinal);
        List<ObjectRule.Property> properties = [.. given.Properties.Select(property => new ObjectRule.Property(property.Name, RuleOf(property.Schemas), required.Contains(property.Name)))];
        foreach (var name in given.Required.Except(given.Properties.Select(property => property.Name), StringComparer.Ordinal))
            properties.Add(new ObjectRule.Property(name, RuleOf(given.OtherProperties ?? []), Required: true));
        var others = given.OtherProperties is not null || properties.Count == 0 ? RuleOf(given.OtherProperties ?? []) : null;
        if (others is not null && given.OtherProperties is [{ Schema.ValueKind: JsonValueKind.False }, ..]) others = null;
        return new ObjectRule(properties, others, given.MinProperties, given.MaxProperties ?? properties.Count + MostItems);
    }

    private ArrayRule Array(SchemaCase given)
    {
        List<Rule> first = [.. given.FirstItems.Select(RuleOf)];
        var others = given.OtherItems is [{ Schema.ValueKind: JsonValueKind.False }, ..] || (given.OtherItems is null && first.Count > 0) ? null : RuleOf(given.OtherItems ?? []);
        return new ArrayRule(first, others, given.MinItems, given.MaxItems ?? Math.Max(given.MinItems, MostItems));
    }

    private T Add<T>(T rule)
        where T : Rule
    {
        rules.Add(rule);
        return rule;
    }
}
