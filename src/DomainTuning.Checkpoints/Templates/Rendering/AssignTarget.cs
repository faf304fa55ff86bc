namespace DomainTuning.Checkpoints.Templates;

/// <summary>Where 'set' and 'for' put a value.</summary>
internal abstract record AssignTarget
{
    public abstract void Assign(Value value, Evaluation evaluation, Scope scope);
}

internal sealed record NameTarget(string Name) : AssignTarget
{
    public override void Assign(Value value, Evaluation evaluation, Scope scope) => scope.Set(Name, value);
}

/// <summary>ns.name = value: allowed for namespaces only.</summary>
internal sealed record AttributeTarget(string Name, string Attribute) : AssignTarget
{
    public override void Assign(Value value, Evaluation evaluation, Scope scope)
    {
        if (scope.Find(Name) is not NamespaceValue target) throw new TemplateFault(TemplateErrorKind.Runtime, "cannot assign attribute on non-namespace object");
        target.Set(Attribute, value);
    }
}

internal sealed record TupleTarget(IReadOnlyList<AssignTarget> Targets) : AssignTarget
{
    public override void Assign(Value value, Evaluation evaluation, Scope scope)
    {
        if (value.Items is null) throw TemplateFault.Type($"cannot unpack non-iterable {value.TypeName} object");
        var values = value.Items.Take(Targets.Count + 1).ToList();
        if (values.Count > Targets.Count) throw TemplateFault.Value($"too many values to unpack (expected {Targets.Count})");
        if (values.Count < Targets.Count) throw TemplateFault.Value($"not enough values to unpack (expected {Targets.Count}, got {values.Count})");
        for (var i = 0; i < values.Count; i++) Targets[i].Assign(values[i], evaluation, scope);
    }
}
