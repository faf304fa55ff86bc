using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>
/// The metadata of a GGUF file in the order of the file. The typed readers accept any integer type for an integer (writers differ) but never a value
/// that does not fit; they throw a <see cref="CheckpointException"/> that names file, key, and both types.
/// </summary>
public sealed class GgufMetadata
{
    private readonly OrderedDictionary<string, GgufValue> _entries;

    internal GgufMetadata(string path, OrderedDictionary<string, GgufValue> entries)
    {
        Path = path;
        _entries = entries;
    }

    /// <summary>Where the metadata comes from, for messages.</summary>
    internal string Path { get; }

    /// <summary>Everything, in the order of the file.</summary>
    public IReadOnlyDictionary<string, GgufValue> Entries => _entries;

    public bool Contains(string key) => _entries.ContainsKey(key);

    public bool TryGet(string key, [NotNullWhen(true)] out GgufValue? value) => _entries.TryGetValue(key, out value);

    /// <summary>The text of a key. Throws when the key is missing or holds no string.</summary>
    public string String(string key) => (string)Required(key, GgufValueType.String).Value;

    /// <summary>The text of a key, or null when the key is missing.</summary>
    public string? StringOrNull(string key) => Contains(key) ? String(key) : null;

    /// <summary>A whole number of any integer type that fits <typeparamref name="T"/>. Throws when the key is missing, is no integer, or does not fit.</summary>
    public T Integer<T>(string key)
        where T : struct, IBinaryInteger<T>
    {
        var value = Required(key);
        try
        {
            return value.Value switch
            {
                byte number => T.CreateChecked(number),
                sbyte number => T.CreateChecked(number),
                ushort number => T.CreateChecked(number),
                short number => T.CreateChecked(number),
                uint number => T.CreateChecked(number),
                int number => T.CreateChecked(number),
                ulong number => T.CreateChecked(number),
                long number => T.CreateChecked(number),
                _ => throw Mismatch(key, "an integer", value),
            };
        }
        catch (OverflowException overflow)
        {
            throw new CheckpointException(
                $"'{Path}': the metadata value {key} = {value.Value} is outside what is usable here ({typeof(T).Name}). The file is broken; fetch it again or convert the model again.", overflow);
        }
    }

    /// <summary>A whole number, or <paramref name="missing"/> when the key is missing.</summary>
    public T Integer<T>(string key, T missing)
        where T : struct, IBinaryInteger<T> => Contains(key) ? Integer<T>(key) : missing;

    /// <summary>A float32 or float64 number. Throws when the key is missing or holds something else.</summary>
    public float Float(string key)
    {
        var value = Required(key);
        return value.Value switch
        {
            float number => number,
            double number => (float)number,
            _ => throw Mismatch(key, "a float", value),
        };
    }

    /// <summary>A float32 or float64 number, or <paramref name="missing"/> when the key is missing.</summary>
    public float Float(string key, float missing) => Contains(key) ? Float(key) : missing;

    /// <summary>A truth value, or <paramref name="missing"/> when the key is missing.</summary>
    public bool Bool(string key, bool missing) => Contains(key) ? (bool)Required(key, GgufValueType.Bool).Value : missing;

    /// <summary>An array of strings, such as a vocabulary. Throws when the key is missing or holds something else.</summary>
    public string[] Strings(string key) => Array<string>(key, "an array of strings");

    /// <summary>An array of float32. Throws when the key is missing or holds something else.</summary>
    public float[] Floats(string key) => Array<float>(key, "an array of float32");

    /// <summary>An array of any integer type of up to 32 bits. Throws when the key is missing or holds something else.</summary>
    public int[] Integers(string key)
    {
        var value = Required(key);
        return value.Value switch
        {
            int[] numbers => numbers,
            uint[] numbers when numbers.All(number => number <= int.MaxValue) => [.. numbers.Select(number => (int)number)],
            ushort[] numbers => [.. numbers.Select(number => (int)number)],
            short[] numbers => [.. numbers.Select(number => (int)number)],
            byte[] numbers => [.. numbers.Select(number => (int)number)],
            sbyte[] numbers => [.. numbers.Select(number => (int)number)],
            _ => throw Mismatch(key, "an array of 32-bit integers", value),
        };
    }

    private T[] Array<T>(string key, string expected)
    {
        var value = Required(key);
        return value.Value as T[] ?? throw Mismatch(key, expected, value);
    }

    private GgufValue Required(string key, GgufValueType type)
    {
        var value = Required(key);
        return value.Type == type ? value : throw Mismatch(key, "a " + GgufValue.Name(type), value);
    }

    private GgufValue Required(string key) => _entries.TryGetValue(key, out var value)
        ? value
        : throw new CheckpointException(
            $"'{Path}' lacks the metadata key {key}, which is needed to use the model. Convert the model again with a current converter, or use another file of it.");

    private CheckpointException Mismatch(string key, string expected, GgufValue value) =>
        new($"'{Path}': the metadata key {key} should hold {expected}, but holds {value.TypeName}. The file is broken; fetch it again or convert the model again.");
}
