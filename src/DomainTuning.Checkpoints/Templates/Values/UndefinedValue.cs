namespace DomainTuning.Checkpoints.Templates;

/// <summary>
/// What a name or key that is not there gives. It prints as nothing, is false and has no items, but to look into it, call it or calculate
/// with it is an error that names what is missing.
/// </summary>
internal sealed class UndefinedValue(string missing, TemplateErrorKind kind = TemplateErrorKind.Undefined) : Value
{
    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    public override int? Length => 0;

    public override IEnumerable<Value> Items => [];

    public TemplateFault Fault => new(kind, missing);

    public static UndefinedValue Name(string name) => new($"'{name}' is undefined");

    public static UndefinedValue Attribute(Value of, string name) => new($"'{Description(of)}' has no attribute {Quoted(name)}");

    public static UndefinedValue Element(Value of, Value key, Evaluation evaluation)
    {
        if (key is TextValue name) return Attribute(of, name.Text);
        var text = new TextBuilder(evaluation.Budget);
        key.Print(text, quoted: true);
        return new UndefinedValue($"{Description(of)} has no element {text.ToText().Text}");
    }

    /// <summary>An attribute that exists in the reference's world but is out of bounds.</summary>
    public static UndefinedValue Unsafe(Value of, string name) => new($"access to attribute {Quoted(name)} of '{of.TypeName}' object is unsafe.", TemplateErrorKind.Security);

    public override Value Call(Evaluation evaluation, Arguments arguments) => throw Fault;

    public override void Print(TextBuilder into, bool quoted) => into.Append(quoted ? "Undefined" : "", trusted: false);

    private static string Description(Value value) => value is NoneValue ? "None" : value.TypeName + " object";

    private static string Quoted(string name) => $"'{name}'";
}
