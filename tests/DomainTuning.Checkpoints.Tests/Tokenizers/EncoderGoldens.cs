using System.IO.Compression;
using System.Text;
using System.Text.Json;
using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Checkpoints.Tests.Tokenizers;

/// <summary>The reference's ids for encoder tokenizers, and the tokenizers that must reproduce them. The BERT vocabulary is bge's, which is bert-base-uncased's.</summary>
internal static class EncoderGoldens
{
    private static readonly Lazy<EncoderTokenizer> BertTokenizer = new(() => EncoderTokenizer.Load(Fixtures.Model("bge-small-en-v1.5")));

    private static readonly Lazy<EncoderTokenizer> XlmrTokenizer = new(() =>
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["tokenizer.json"], Bytes("xlmr", "tokenizer.json.gz"));
        return EncoderTokenizer.Load(folder.Path);
    });

    public static EncoderTokenizer Bert => BertTokenizer.Value;

    public static EncoderTokenizer Xlmr => XlmrTokenizer.Value;

    public static EncoderTokenizer Load(string name) => name == "bert" ? Bert : Xlmr;

    public static byte[] Bytes(params string[] path)
    {
        using var stream = new GZipStream(File.OpenRead(Fixtures.Path(["tokenizers", .. path])), CompressionMode.Decompress);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>The xlmr tokenizer.json with one part replaced, saved where <see cref="EncoderTokenizer.Load"/> finds it.</summary>
    public static EncoderTokenizer LoadChanged(string name, params (string From, string To)[] changes)
    {
        var json = name == "bert"
            ? File.ReadAllText(Path.Combine(Fixtures.Model("bge-small-en-v1.5"), "tokenizer.json"))
            : Encoding.UTF8.GetString(Bytes("xlmr", "tokenizer.json.gz"));
        foreach (var (from, to) in changes)
        {
            Assert.Contains(from, json, StringComparison.Ordinal);
            json = json.Replace(from, to, StringComparison.Ordinal);
        }

        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["tokenizer.json"], json);
        return EncoderTokenizer.Load(folder.Path);
    }

    public static int[] Offsets(this IEnumerable<Token> tokens) => [.. tokens.SelectMany(token => new[] { token.Start, token.End })];

    public static string? Text(this JsonElement entry, string name) => entry.TryGetProperty(name, out var value) ? value.GetString() : null;
}
