using System.Runtime.InteropServices;
using System.Text;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>
/// Writes a small GGUF file (version 3, little-endian) of 32-bit floats, such as an adapter: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
/// The file appears under its name when it is complete.
/// </summary>
internal static class GgufWriter
{
    private const int Alignment = 32; // the format's default

    /// <param name="metadata">Texts, floats and unsigned integers, in order.</param>
    /// <param name="tensors">Shape row-major, slowest first, as <see cref="StoredTensor"/> has it.</param>
    public static void Write(string path, IReadOnlyList<(string Key, object Value)> metadata, IReadOnlyList<(string Name, long[] Shape, float[] Values)> tensors)
    {
        using (var stream = new FileStream(path + ".new", FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
        using (var writer = new BinaryWriter(stream))
        {
            void Text(string text)
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                writer.Write((ulong)bytes.Length);
                writer.Write(bytes);
            }

            void Align()
            {
                while (stream.Position % Alignment != 0) writer.Write((byte)0);
            }

            writer.Write("GGUF"u8);
            writer.Write(3u);
            writer.Write((ulong)tensors.Count);
            writer.Write((ulong)metadata.Count);
            foreach (var (key, value) in metadata)
            {
                Text(key);
                switch (value)
                {
                    case string text:
                        writer.Write((uint)GgufValueType.String);
                        Text(text);
                        break;
                    case float number:
                        writer.Write((uint)GgufValueType.Float32);
                        writer.Write(number);
                        break;
                    case uint number:
                        writer.Write((uint)GgufValueType.UInt32);
                        writer.Write(number);
                        break;
                    default:
                        throw new ArgumentException($"'{key}' is a {value.GetType().Name}; texts, floats and uints are written.", nameof(metadata));
                }
            }

            var offset = 0L;
            foreach (var (name, shape, values) in tensors)
            {
                Text(name);
                writer.Write((uint)shape.Length);
                foreach (var size in shape.Reverse()) writer.Write((ulong)size);
                writer.Write((uint)TensorType.F32);
                writer.Write((ulong)offset);
                offset += ((long)values.Length * sizeof(float) + Alignment - 1) / Alignment * Alignment;
            }

            foreach (var (_, _, values) in tensors)
            {
                Align();
                writer.Write(MemoryMarshal.AsBytes(values.AsSpan()));
            }

            Align();
            writer.Flush();
            stream.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
    }
}
