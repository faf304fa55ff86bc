using System.Text;

namespace DomainTuning.Checkpoints.Tests.Chats;

/// <summary>Writes small GGUF files: metadata in the given order and one tensor, so that readers are tested on files and not on tables in memory.</summary>
internal static class GgufBytes
{
    private const uint Uint32 = 4, Int32 = 5, Float32 = 6, Bool = 7, Text = 8, Array = 9;

    public static byte[] Write(params IEnumerable<(string Key, object Value)> metadata)
    {
        var entries = metadata.ToList();
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write(1ul);
        writer.Write((ulong)entries.Count);
        foreach (var (key, value) in entries)
        {
            String(writer, key);
            writer.Write(TypeOf(value));
            Value(writer, value);
        }
        String(writer, "token_embd.weight");
        writer.Write(2u);
        writer.Write(2ul);
        writer.Write(4ul);
        writer.Write(0u); // F32
        writer.Write(0ul);
        writer.Write(new byte[(32 - stream.Length % 32) % 32 + 32]);
        writer.Flush();
        return stream.ToArray();
    }

    private static uint TypeOf(object value) => value switch
    {
        uint => Uint32, int => Int32, float => Float32, bool => Bool, string => Text, _ => Array,
    };

    private static void Value(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case uint number: writer.Write(number); break;
            case int number: writer.Write(number); break;
            case float number: writer.Write(number); break;
            case bool flag: writer.Write(flag); break;
            case string text: String(writer, text); break;
            case System.Array list:
                writer.Write(TypeOf(list.GetValue(0)!));
                writer.Write((ulong)list.Length);
                foreach (var item in list) Value(writer, item);
                break;
            default: throw new NotSupportedException($"{value.GetType().Name} is not written.");
        }
    }

    private static void String(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }
}
