namespace DomainTuning.Checkpoints.Weights;

/// <summary>Types of GGUF metadata, with the format's ids.</summary>
public enum GgufValueType
{
    UInt8 = 0,
    Int8 = 1,
    UInt16 = 2,
    Int16 = 3,
    UInt32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    String = 8,
    Array = 9,
    UInt64 = 10,
    Int64 = 11,
    Float64 = 12,
}

/// <summary>
/// One metadata value with the type it has in the file. <see cref="Value"/> is the matching C# value (<see cref="byte"/> … <see cref="double"/>,
/// <see cref="bool"/>, <see cref="string"/>); an array is a C# array of these (<c>string[]</c>, <c>float[]</c>, …), an array of arrays a <c>GgufValue[]</c>.
/// </summary>
/// <param name="Type">The type in the file.</param>
/// <param name="ElementType">The elements' type when <paramref name="Type"/> is an array, otherwise null.</param>
/// <param name="Value">The value; never null.</param>
public sealed record GgufValue(GgufValueType Type, GgufValueType? ElementType, object Value)
{
    /// <summary>For messages: "string", "array of float32".</summary>
    public string TypeName => ElementType is { } element ? $"array of {Name(element)}" : Name(Type);

    internal static string Name(GgufValueType type) => type.ToString().ToLowerInvariant();
}
