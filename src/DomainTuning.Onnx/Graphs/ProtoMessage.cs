using Google.Protobuf;

namespace DomainTuning.Onnx.Graphs;

/// <summary>One protobuf message being written. The first argument is always the field number; nested messages are written before their parents.</summary>
internal sealed class ProtoMessage : IDisposable
{
    private readonly MemoryStream buffer = new();
    private readonly CodedOutputStream output;

    public ProtoMessage() => output = new CodedOutputStream(buffer, leaveOpen: true);

    public ProtoMessage Int(int field, long value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt64(value);
        return this;
    }

    public ProtoMessage Float(int field, float value)
    {
        output.WriteTag(field, WireFormat.WireType.Fixed32);
        output.WriteFloat(value);
        return this;
    }

    public ProtoMessage Text(int field, string value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteString(value);
        return this;
    }

    public ProtoMessage Bytes(int field, byte[] value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(value));
        return this;
    }

    /// <summary>Writes the child and disposes it.</summary>
    public ProtoMessage Message(int field, ProtoMessage value)
    {
        using (value) return Bytes(field, value.ToArray());
    }

    public byte[] ToArray()
    {
        output.Flush();
        return buffer.ToArray();
    }

    public void Dispose()
    {
        output.Dispose();
        buffer.Dispose();
    }
}
