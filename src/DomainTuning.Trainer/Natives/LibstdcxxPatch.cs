using System.Buffers.Binary;
using System.Text;

namespace DomainTuning.Trainer.Natives;

/// <summary>
/// Lets a library that was built with GCC 13 load beside the libstdc++ of GCC 12 and before (Debian 12, Ubuntu 22.04, RHEL 9). One symbol alone asks for
/// the newer version: std::ios_base_library_init(), whose call does nothing that the older library has not done already when it was loaded
/// (https://gcc.gnu.org/gcc-13/changes.html, "iostream initialisation"). The need for the version is made weak and the call goes to getpid.
/// Format: System V ABI, gABI chapter 4, and the Linux Standard Base on symbol versions.
/// </summary>
internal static class LibstdcxxPatch
{
    public const string Version = "GLIBCXX_3.4.32";

    private const string Symbol = "_ZSt21ios_base_library_initv";

    private const int SectionSize = 64, DynamicSymbols = 11, VersionNeeds = 0x6ffffffe, SymbolVersions = 0x6fffffff;

    private const int WeakNeed = 2, GlobalUnversioned = 1;

    /// <summary>Changes the library's bytes in place.</summary>
    /// <returns>False when no symbol asks for the version: there is nothing to do, or it has been done.</returns>
    /// <exception cref="InvalidDataException">It is no 64-bit little-endian ELF file, or another symbol asks for the version too.</exception>
    public static bool Apply(byte[] image)
    {
        if (image.Length < 64 || !image.AsSpan(0, 6).SequenceEqual("\u007fELF\u0002\u0001"u8)) throw new InvalidDataException("it is no 64-bit little-endian ELF file");
        var elf = new Elf(image);
        var needs = elf.Section(VersionNeeds);
        var versions = elf.Section(SymbolVersions);
        var symbols = elf.Section(DynamicSymbols);
        var names = elf.SectionAt(symbols.Link);
        if (WeakenNeed(elf, needs, names) is not { } index) return false;

        var changed = false;
        for (var i = 0; i < symbols.Size / 24; i++)
        {
            var version = versions.Offset + 2 * i;
            if ((elf.U16(version) & 0x7fff) != index) continue;
            var name = names.Offset + (int)elf.U32(symbols.Offset + 24 * i);
            if (elf.Text(name) != Symbol) throw new InvalidDataException($"the symbol {elf.Text(name)} needs {Version} too");
            elf.Put16(version, GlobalUnversioned);
            "getpid\0"u8.CopyTo(image.AsSpan(name));
            changed = true;
        }

        return changed;
    }

    /// <summary>The index that symbols carry which need the version; null where none does.</summary>
    private static int? WeakenNeed(Elf elf, ElfSection needs, ElfSection names)
    {
        int? index = null;
        for (var library = needs.Offset; ;)
        {
            var version = library + (int)elf.U32(library + 8);
            for (var left = (int)elf.U16(library + 2); left > 0; left--)
            {
                if (elf.Text(names.Offset + (int)elf.U32(version + 8)) == Version)
                {
                    index = elf.U16(version + 6);
                    elf.Put16(version + 4, (ushort)(elf.U16(version + 4) | WeakNeed));
                }

                version += (int)elf.U32(version + 12);
            }

            var next = (int)elf.U32(library + 12);
            if (next == 0) return index;
            library += next;
        }
    }

    private readonly record struct ElfSection(int Type, int Offset, int Size, int Link);

    private readonly struct Elf(byte[] image)
    {
        public ushort U16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(at));

        public uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(at));

        public void Put16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at), value);

        public string Text(int at) => Encoding.ASCII.GetString(image.AsSpan(at)[..image.AsSpan(at).IndexOf((byte)0)]);

        public ElfSection Section(int type)
        {
            for (var i = 0; i < U16(0x3c); i++)
                if (SectionAt(i) is var section && section.Type == type)
                    return section;
            throw new InvalidDataException($"it has no section of type 0x{type:x}");
        }

        public ElfSection SectionAt(int index)
        {
            var at = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(image.AsSpan(0x28))) + index * SectionSize;
            return new ElfSection((int)U32(at + 4), (int)U32(at + 24), (int)U32(at + 32), (int)U32(at + 40)); // 64-bit offsets; the file is smaller than 2 GB
        }
    }
}
