using System.Text;

namespace DomainTuning.Onnx.Tests.Graphs;

/// <summary>Writes llama-architecture GGUF files of any size, Q4_0 but for the norms, of random blocks: for what needs bytes, not sense.</summary>
internal static class SyntheticGguf
{
    private const int BlockBytes = 18, BlockValues = 32, Alignment = 32;

    public static void Write(string path, int layers, int hidden, int feedForward, int vocabulary)
    {
        var head = 64;
        var tensors = new List<(string Name, int[] Shape)> { ("token_embd.weight", [vocabulary, hidden]), ("output.weight", [vocabulary, hidden]), ("output_norm.weight", [hidden]) };
        for (var i = 0; i < layers; i++)
            tensors.AddRange(
            [
                ($"blk.{i}.attn_norm.weight", [hidden]),
                ($"blk.{i}.attn_q.weight", [hidden, hidden]),
                ($"blk.{i}.attn_k.weight", [hidden / 4, hidden]),
                ($"blk.{i}.attn_v.weight", [hidden / 4, hidden]),
                ($"blk.{i}.attn_output.weight", [hidden, hidden]),
                ($"blk.{i}.ffn_norm.weight", [hidden]),
                ($"blk.{i}.ffn_gate.weight", [feedForward, hidden]),
                ($"blk.{i}.ffn_up.weight", [feedForward, hidden]),
                ($"blk.{i}.ffn_down.weight", [hidden, feedForward]),
            ]);

        using var writer = new BinaryWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20));
        void Text(string text)
        {
            writer.Write((ulong)text.Length);
            writer.Write(Encoding.ASCII.GetBytes(text));
        }

        (string Key, object Value)[] metadata =
        [
            ("general.architecture", "llama"), ("llama.block_count", layers), ("llama.embedding_length", hidden), ("llama.feed_forward_length", feedForward), ("llama.attention.head_count", hidden / head),
            ("llama.attention.head_count_kv", hidden / head / 4), ("llama.context_length", 2048), ("llama.attention.layer_norm_rms_epsilon", 1e-5f),
        ];
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Length);
        foreach (var (key, value) in metadata)
        {
            Text(key);
            writer.Write(value is string ? 8 : value is int ? 4 : 6); // string, uint32, float32
            if (value is string text) Text(text);
            else if (value is int number) writer.Write(number);
            else writer.Write((float)value);
        }

        var offset = 0UL;
        foreach (var (name, shape) in tensors)
        {
            Text(name);
            writer.Write(shape.Length);
            foreach (var size in shape.Reverse()) writer.Write((ulong)size);
            writer.Write(shape.Length == 1 ? 0 : 2); // F32, Q4_0
            writer.Write(offset);
            offset = (offset + (ulong)Bytes(shape) + Alignment - 1) / Alignment * Alignment;
        }

        Pad(writer);
        var blocks = Blocks();
        foreach (var (_, shape) in tensors)
        {
            if (shape is [var length])
                for (var i = 0; i < length; i++) writer.Write(1f);
            else
                for (var left = Bytes(shape); left > 0; left -= blocks.Length) writer.Write(blocks, 0, (int)Math.Min(left, blocks.Length));
            Pad(writer);
        }
    }

    private static long Bytes(int[] shape) => shape is [var length] ? length * sizeof(float) : (long)shape[0] * shape[1] / BlockValues * BlockBytes;

    private static void Pad(BinaryWriter writer)
    {
        writer.Flush();
        while (writer.BaseStream.Position % Alignment != 0) writer.BaseStream.WriteByte(0);
    }

    /// <summary>A million blocks with small scales: 18 MB that are written again and again.</summary>
    private static byte[] Blocks()
    {
        var random = new Random(11);
        var bytes = new byte[BlockBytes << 20];
        random.NextBytes(bytes);
        for (var block = 0; block < bytes.Length; block += BlockBytes) BitConverter.TryWriteBytes(bytes.AsSpan(block), (Half)(0.002f + 0.002f * random.NextSingle()));
        return bytes;
    }
}
