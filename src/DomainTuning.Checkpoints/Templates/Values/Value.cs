namespace DomainTuning.Checkpoints.Templates;

/// <summary>
/// A value inside a template. There are only the kinds of this folder: no .NET object is ever within reach of a template. The semantics are
/// Python's, because templates are written against the reference implementation. Values do not change once made, namespaces excepted.
/// </summary>
internal abstract class Value
{
    /// <summary>The type's name in messages: str, int, dict, ...</summary>
    public abstract string TypeName { get; }

    public virtual bool IsTrue => Length is not 0;

    /// <summary>Number of items or characters; null for what has no length.</summary>
    public virtual int? Length => null;

    /// <summary>The items that a loop sees; null for what cannot be looped over.</summary>
    public virtual IEnumerable<Value>? Items => null;

    /// <summary>A method or attribute of the type itself, before any key is looked up; null if there is none.</summary>
    public virtual Value? Attribute(string name, Evaluation evaluation) => null;

    /// <summary>What stands under an index or key; null if nothing does.</summary>
    public virtual Value? Item(Value key, Evaluation evaluation) => null;

    public virtual Value Call(Evaluation evaluation, Arguments arguments) => throw TemplateFault.Type($"'{TypeName}' object is not callable");

    public virtual bool IsCallable => false;

    /// <summary>Writes the value as the reference prints it; <paramref name="quoted"/> is the form inside lists ('a' with its quotes).</summary>
    public abstract void Print(TextBuilder into, bool quoted);

    /// <summary>The value as text; text itself keeps its provenance.</summary>
    public virtual TextValue ToText(Evaluation evaluation)
    {
        var text = new TextBuilder(evaluation.Budget);
        Print(text, quoted: false);
        return text.ToText();
    }

    public IEnumerable<Value> Iterate() => Items ?? throw TemplateFault.Type($"'{TypeName}' object is not iterable");
}
