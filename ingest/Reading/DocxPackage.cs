using System.IO.Compression;
using System.Xml;
using DocumentFormat.OpenXml.Packaging;

namespace DomainTuning.Ingest.Reading;

/// <summary>
/// Opens a .docx after looking at what is inside: a small file may unpack to gigabytes or nest a million levels deep, and the SDK would follow.
/// All XML parts are run through once, without keeping anything, under a limit for their unpacked size and their depth.
/// </summary>
internal static class DocxPackage
{
    /// <summary>Markup of a book of 2,000 pages: some 100 MB.</summary>
    public const long MaxMarkupBytes = 200_000_000;

    /// <summary>Tables in tables in text boxes reach 80.</summary>
    private const int MaxDepth = 512;

    private const int MaxEntries = 20_000;

    /// <exception cref="RefusedException">Encrypted, an old .doc, or beyond the limits.</exception>
    public static WordprocessingDocument Open(byte[] content, CancellationToken cancellationToken)
    {
        if (IsCompoundFile(content)) throw Refusal(content);
        CheckLimits(content, cancellationToken);
        return WordprocessingDocument.Open(new MemoryStream(content, writable: false), isEditable: false, new OpenSettings { MaxCharactersInPart = MaxMarkupBytes });
    }

    /// <summary>Encrypted Office files and Word's old format are OLE compound files ([MS-CFB], 2.2).</summary>
    private static bool IsCompoundFile(byte[] content) => content is [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..];

    private static RefusedException Refusal(byte[] content) =>
        content.AsSpan().IndexOf("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"u8) >= 0
            ? new RefusedException(ReadStatus.Encrypted, "The document is encrypted; passwords work for PDF only. Open it in Word, remove the password and save it again.")
            : new RefusedException(ReadStatus.Unsupported, "The file is in Word's old .doc format. Save it as .docx and ingest that.");

    private static void CheckLimits(byte[] content, CancellationToken cancellationToken)
    {
        using var zip = new ZipArchive(new MemoryStream(content, writable: false), ZipArchiveMode.Read);
        if (zip.Entries.Count > MaxEntries) throw new RefusedException(ReadStatus.Broken, $"The document has {zip.Entries.Count} parts inside, which no editor writes.");
        long left = MaxMarkupBytes;
        foreach (var entry in zip.Entries.Where(entry => entry.FullName.EndsWith(".xml", StringComparison.OrdinalIgnoreCase)
                                                         || entry.FullName.EndsWith(".rels", StringComparison.OrdinalIgnoreCase)))
        {
            using var unpacked = new MeteredStream(entry.Open(), left, cancellationToken);
            CheckDepth(unpacked);
            left -= unpacked.BytesRead;
        }
    }

    /// <summary>A part that is no XML is left to the SDK, which knows whether it matters.</summary>
    private static void CheckDepth(Stream part)
    {
        try
        {
            using var xml = XmlReader.Create(part, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            while (xml.Read())
                if (xml.Depth > MaxDepth) throw new RefusedException(ReadStatus.Broken, $"The document nests more than {MaxDepth} levels, which no editor writes.");
        }
        catch (XmlException)
        {
        }
    }

    /// <summary>Counts what is unpacked and stops at the limit.</summary>
    private sealed class MeteredStream(Stream inner, long limit, CancellationToken cancellationToken) : Stream
    {
        public long BytesRead { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => BytesRead; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = inner.Read(buffer, offset, count);
            BytesRead += read;
            return BytesRead <= limit ? read
                : throw new RefusedException(ReadStatus.Unsupported, $"The document unpacks to more than {MaxMarkupBytes / 1e6:0} MB of markup. Split it and ingest the parts.");
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
