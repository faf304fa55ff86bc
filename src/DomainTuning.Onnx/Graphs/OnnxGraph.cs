using System.Globalization;
using System.Runtime.InteropServices;

namespace DomainTuning.Onnx.Graphs;

/// <summary>Element types, numbered as TensorProto.DataType.</summary>
internal enum OnnxType
{
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    Int32 = 6,
    Int64 = 7,
    Float16 = 10,
}

internal static class OnnxTypes
{
    public static OnnxType Of<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? OnnxType.Float
        : typeof(T) == typeof(byte) ? OnnxType.UInt8
        : typeof(T) == typeof(sbyte) ? OnnxType.Int8
        : typeof(T) == typeof(int) ? OnnxType.Int32
        : typeof(T) == typeof(long) ? OnnxType.Int64
        : typeof(T) == typeof(Half) ? OnnxType.Float16
        : throw new ArgumentException($"{typeof(T).Name} has no ONNX element type here; see {nameof(OnnxType)}.");
}

/// <summary>One dimension of a shape: a number, or the name of one that varies from run to run.</summary>
internal readonly record struct Dim(long Size, string? Name = null)
{
    public static implicit operator Dim(long size) => new(size);

    public static implicit operator Dim(string name) => new(0, name);
}

/// <summary>
/// An ONNX model being written: nodes in running order, inputs, outputs and constants. Field numbers are those of onnx.proto
/// (github.com/onnx/onnx/blob/main/onnx/onnx.proto). Large tensors stay in weights.bin and are referred to. It knows nothing of any particular network.
/// </summary>
/// <param name="stored">What weights.bin holds, where the graph has one.</param>
internal sealed class OnnxGraph(PackedWeights? stored = null)
{
    /// <summary>The domain of ONNX Runtime's own operators.</summary>
    public const string Microsoft = "com.microsoft";

    private const int IrVersion = 10, OnnxOpset = 21, MicrosoftOpset = 1;

    private readonly List<byte[]> nodes = [], constants = [], inputs = [], outputs = [];
    private readonly HashSet<string> constantNames = [], storedNames = [], produced = [];

    /// <summary>Names of the tensors in weights.bin that the graph refers to.</summary>
    public IReadOnlyCollection<string> StoredNames => storedNames;

    public void Input(string name, OnnxType type, params ReadOnlySpan<Dim> shape) => inputs.Add(ValueInfo(name, type, shape));

    public void Output(string name, OnnxType type, params ReadOnlySpan<Dim> shape) => outputs.Add(ValueInfo(name, type, shape));

    /// <summary>Adds a node with one output and returns that output's name.</summary>
    public string Node(string op, string[] inputNames, string output, string domain = "", params (string Name, object Value)[] attributes)
    {
        Node(op, inputNames, [output], domain, attributes);
        return output;
    }

    /// <summary>Adds a node. An empty name among inputs or outputs leaves out an optional one.</summary>
    public void Node(string op, string[] inputNames, string[] outputNames, string domain = "", params (string Name, object Value)[] attributes)
    {
        using var node = new ProtoMessage();
        foreach (var name in inputNames) node.Text(1, name);
        foreach (var name in outputNames) node.Text(2, name);
        produced.UnionWith(outputNames);
        node.Text(3, string.Create(CultureInfo.InvariantCulture, $"{op}_{nodes.Count}")).Text(4, op);
        foreach (var (name, value) in attributes) node.Message(5, Attribute(name, value));
        if (domain.Length > 0) node.Text(7, domain);
        nodes.Add(node.ToArray());
    }

    /// <summary>Adds a constant and returns its name. A name that is already there is left as it is.</summary>
    public string Constant<T>(string name, ReadOnlySpan<long> shape, ReadOnlySpan<T> values) where T : unmanaged
    {
        if (!constantNames.Add(name)) return name;
        long count = 1;
        using var tensor = new ProtoMessage();
        foreach (var size in shape)
        {
            tensor.Int(1, size);
            count *= size;
        }

        if (count != values.Length)
            throw new ArgumentException($"Constant '{name}' has {values.Length} values, its shape [{string.Join(", ", shape.ToArray())}] asks for {count}.", nameof(values));
        constants.Add(tensor.Int(2, (int)OnnxTypes.Of<T>()).Text(8, name).Bytes(9, MemoryMarshal.AsBytes(values).ToArray()).ToArray());
        return name;
    }

    public string Constant<T>(string name, ReadOnlySpan<long> shape, T[] values) where T : unmanaged => Constant(name, shape, values.AsSpan());

    /// <summary>A 0-dimensional constant.</summary>
    public string Scalar<T>(string name, T value) where T : unmanaged => Constant(name, [], [value]);

    /// <summary>Refers to a tensor in weights.bin and returns its name.</summary>
    public string Stored(string name)
    {
        if (!constantNames.Add(name)) return name;
        var tensor = (stored ?? throw new InvalidOperationException($"The graph has no weights file, but '{name}' is looked for in one.")).Tensors[name];
        using var message = new ProtoMessage();
        foreach (var size in tensor.Shape) message.Int(1, size);
        constants.Add(message.Int(2, (int)tensor.Type).Text(8, name)
            .Message(13, Entry("location", WeightsFile.FileName))
            .Message(13, Entry("offset", tensor.Offset.ToString(CultureInfo.InvariantCulture)))
            .Message(13, Entry("length", tensor.Length.ToString(CultureInfo.InvariantCulture)))
            .Int(14, 1) // data_location = EXTERNAL
            .ToArray());
        storedNames.Add(name);
        return name;
    }

    /// <summary>Whether weights.bin holds a tensor of this name.</summary>
    public bool Stores(string name) => stored is not null && stored.Tensors.ContainsKey(name);

    /// <summary>Whether some node gives a value of this name.</summary>
    public bool Produces(string name) => produced.Contains(name);

    /// <summary>The finished model file.</summary>
    public byte[] ToArray()
    {
        using var graph = new ProtoMessage();
        foreach (var node in nodes) graph.Bytes(1, node);
        graph.Text(2, "graph");
        foreach (var constant in constants) graph.Bytes(5, constant);
        foreach (var input in inputs) graph.Bytes(11, input);
        foreach (var output in outputs) graph.Bytes(12, output);
        using var model = new ProtoMessage();
        return model.Int(1, IrVersion)
            .Text(2, "DomainTuning")
            .Bytes(7, graph.ToArray())
            .Message(8, new ProtoMessage().Text(1, "").Int(2, OnnxOpset))
            .Message(8, new ProtoMessage().Text(1, Microsoft).Int(2, MicrosoftOpset))
            .ToArray();
    }

    private static ProtoMessage Entry(string key, string value) => new ProtoMessage().Text(1, key).Text(2, value);

    private static byte[] ValueInfo(string name, OnnxType type, ReadOnlySpan<Dim> shape)
    {
        var dimensions = new ProtoMessage();
        foreach (var (size, symbol) in shape)
            dimensions.Message(1, symbol is null ? new ProtoMessage().Int(1, size) : new ProtoMessage().Text(2, symbol));
        var tensor = new ProtoMessage().Int(1, (int)type).Message(2, dimensions);
        using var info = new ProtoMessage();
        return info.Text(1, name).Message(2, new ProtoMessage().Message(1, tensor)).ToArray();
    }

    // Field 20 is the attribute's own type: 1 float, 2 int, 3 string, 7 ints.
    private static ProtoMessage Attribute(string name, object value)
    {
        var attribute = new ProtoMessage().Text(1, name);
        switch (value)
        {
            case float number: return attribute.Float(2, number).Int(20, 1);
            case int number: return attribute.Int(3, number).Int(20, 2);
            case long number: return attribute.Int(3, number).Int(20, 2);
            case string text: return attribute.Text(4, text).Int(20, 3);
            case long[] numbers:
                foreach (var number in numbers) attribute.Int(8, number);
                return attribute.Int(20, 7);
            default:
                attribute.Dispose();
                throw new ArgumentException($"Attribute '{name}' is a {value.GetType().Name}; float, int, long, string and long[] can be written.", nameof(value));
        }
    }
}
