using System.Text;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Encoders;

/// <summary>A node of a graph that was read; <paramref name="Raw"/> is its NodeProto.</summary>
internal sealed record OnnxNode(string Op, string[] Inputs, string[] Outputs, ReadOnlyMemory<byte> Raw);

/// <summary>
/// An existing ONNX model, read just far enough to replace nodes: nodes are parsed, all else is carried as bytes. Field numbers are those
/// of onnx.proto. For graphs that are written from nothing see <see cref="OnnxGraph"/>.
/// </summary>
internal sealed class OnnxModelFile
{
    private const int GraphField = 7, OpsetField = 8, NodeField = 1, InitializerField = 5, OutputField = 12, ValueInfoField = 13;

    /// <summary>One field of a message: its number value, or its content; <paramref name="Raw"/> is both with the tag before it.</summary>
    private readonly record struct Part(int Field, ulong Number, ReadOnlyMemory<byte> Content, ReadOnlyMemory<byte> Raw);

    private readonly List<Part> modelParts = [], graphParts = [];

    private bool knowsMicrosoft;

    private OnnxModelFile()
    {
    }

    public List<OnnxNode> Nodes { get; } = [];

    /// <summary>Names of constants.</summary>
    public HashSet<string> Constants { get; } = new(StringComparer.Ordinal);

    /// <summary>Names that the graph gives out.</summary>
    public HashSet<string> Outputs { get; } = new(StringComparer.Ordinal);

    /// <summary>Version of the standard operators.</summary>
    public long Opset { get; private set; }

    /// <exception cref="InvalidDataException">The bytes are not a whole ONNX model.</exception>
    public static OnnxModelFile Read(ReadOnlyMemory<byte> model)
    {
        var file = new OnnxModelFile();
        foreach (var part in Parts(model))
        {
            if (part.Field == GraphField) file.ReadGraph(part.Content);
            else file.modelParts.Add(part);
            if (part.Field != OpsetField) continue;
            var domain = Texts(part.Content, 1).FirstOrDefault("");
            file.knowsMicrosoft |= domain == OnnxGraph.Microsoft;
            if (domain is "" or "ai.onnx") file.Opset = (long)Parts(part.Content).Where(version => version.Field == 2).Select(version => version.Number).FirstOrDefault();
        }

        if (file.Nodes.Count == 0) throw new InvalidDataException("It holds no graph.");
        return file;
    }

    /// <summary>The model with <see cref="Nodes"/> as they are now and further constants (TensorProto bytes). Shapes of inner values are left out: ONNX Runtime infers them.</summary>
    public byte[] ToArray(IEnumerable<byte[]> newConstants)
    {
        using var graph = new MemoryStream();
        foreach (var node in Nodes) WriteMessage(graph, NodeField, node.Raw.Span);
        foreach (var constant in newConstants) WriteMessage(graph, InitializerField, constant);
        foreach (var part in graphParts)
            if (part.Field != ValueInfoField) graph.Write(part.Raw.Span);

        using var model = new MemoryStream();
        foreach (var part in modelParts) model.Write(part.Raw.Span);
        if (!knowsMicrosoft)
        {
            using var opset = new ProtoMessage();
            WriteMessage(model, OpsetField, opset.Text(1, OnnxGraph.Microsoft).Int(2, 1).ToArray());
        }

        WriteMessage(model, GraphField, graph.GetBuffer().AsSpan(0, (int)graph.Length));
        return model.ToArray();
    }

    private void ReadGraph(ReadOnlyMemory<byte> graph)
    {
        foreach (var part in Parts(graph))
        {
            if (part.Field != NodeField) graphParts.Add(part);
            switch (part.Field)
            {
                case NodeField:
                    Nodes.Add(new OnnxNode(Texts(part.Content, 4).FirstOrDefault(""), [.. Texts(part.Content, 1)], [.. Texts(part.Content, 2)], part.Content));
                    break;
                case InitializerField:
                    Constants.Add(Texts(part.Content, 8).FirstOrDefault(""));
                    break;
                case OutputField:
                    Outputs.Add(Texts(part.Content, 1).FirstOrDefault(""));
                    break;
            }
        }
    }

    private static void WriteMessage(Stream stream, int field, ReadOnlySpan<byte> content)
    {
        WriteVarint(stream, (uint)field << 3 | 2);
        WriteVarint(stream, (uint)content.Length);
        stream.Write(content);
    }

    private static void WriteVarint(Stream stream, uint value)
    {
        for (; value >= 0x80; value >>= 7) stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
    }

    private static IEnumerable<string> Texts(ReadOnlyMemory<byte> message, int field) =>
        Parts(message).Where(part => part.Field == field).Select(part => Encoding.UTF8.GetString(part.Content.Span));

    private static IEnumerable<Part> Parts(ReadOnlyMemory<byte> message)
    {
        for (var at = 0; at < message.Length;)
        {
            var start = at;
            var tag = Varint(message.Span, ref at);
            var (number, length) = (0UL, 0UL);
            switch (tag & 7)
            {
                case 0: number = Varint(message.Span, ref at); break;
                case 1: length = 8; break;
                case 2: length = Varint(message.Span, ref at); break;
                case 5: length = 4; break;
                default: throw new InvalidDataException($"Byte {start} is no protobuf field.");
            }

            if (length > (ulong)(message.Length - at)) throw new InvalidDataException($"A part of {length} bytes begins {message.Length - at} bytes before the end.");
            var content = message.Slice(at, (int)length);
            at += (int)length;
            yield return new Part((int)(tag >> 3), number, content, message[start..at]);
        }
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at >= bytes.Length) throw new InvalidDataException("It ends inside a number.");
            var next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw new InvalidDataException($"The number before byte {at} is too long.");
    }
}
