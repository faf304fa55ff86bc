using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DomainTuning.Tuning.Examples;

/// <summary>
/// Chance that comes from a seed and a name, not from a sequence: one more example changes nothing about the others.
/// </summary>
internal sealed class ExampleOrder(int seed)
{
    /// <summary>Evenly in [0, 1).</summary>
    public double Draw(string purpose, string name) => (Bits(purpose, name) >> 11) * (1.0 / (1UL << 53));

    /// <summary>From 0 below <paramref name="count"/>.</summary>
    public int Pick(string purpose, string name, int count) => (int)(Draw(purpose, name) * count);

    public IEnumerable<T> Shuffle<T>(IEnumerable<T> items, string purpose, Func<T, string> name) =>
        items.Select(item => (item, name: name(item))).OrderBy(entry => Bits(purpose, entry.name)).ThenBy(entry => entry.name, StringComparer.Ordinal).Select(entry => entry.item);

    private ulong Bits(string purpose, string name) =>
        BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seed}\n{purpose}\n{name}"))));
}
