using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using DomainTuning.Ingest.Reading;
using DomainTuning.Ingest.Reading.Pdf;
using DomainTuning.Ingest.Reading.Worker;

namespace DomainTuning.Ingest.Tests.Reading;

/// <summary>Whatever a file does to the parser, the run goes on: one result per file, and the next file is read.</summary>
public sealed class PdfSandboxTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AChildReadsWhatThisProcessReads()
    {
        var file = Simple().Save(_folder["simple.pdf"]);
        await using var sandbox = new SandboxedPdfReader();

        var there = await sandbox.ReadAsync(file, TestContext.Current.CancellationToken);
        var here = await new PdfReader().ReadAsync(file, TestContext.Current.CancellationToken);

        Assert.Equal(ReadStatus.Ok, there.Status);
        Assert.Equal(JsonSerializer.Serialize(here), JsonSerializer.Serialize(there));
    }

    [Fact]
    public async Task AStackOverflowIsAResultAndTheNextFileIsRead()
    {
        // A ToUnicode map that uses itself: PdfPig 0.1.16 follows it until the stack ends and the process dies (#1394).
        const string cmap = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def 1 begincodespacerange <00> <FF> endcodespacerange endcmap end end";
        var objects = "100 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 101 0 R >>\nendobj\n" +
            $"101 0 obj\n<< /UseCMap 101 0 R /Length {cmap.Length} >>\nstream\n{cmap}\nendstream\nendobj\n";
        var bomb = new PdfFile().Page("BT /F9 10 Tf 72 700 Td (abc) Tj ET").Objects(objects).Fonts("/F9 100 0 R").Save(_folder["bomb.pdf"]);
        var good = Simple().Save(_folder["good.pdf"]);
        await using var sandbox = new SandboxedPdfReader();

        var first = await sandbox.ReadAsync(bomb, TestContext.Current.CancellationToken);
        var second = await sandbox.ReadAsync(good, TestContext.Current.CancellationToken);

        Assert.NotEqual(ReadStatus.TimedOut, first.Status);
        Assert.Equal(ReadStatus.Ok, second.Status);
    }

    [Fact]
    public async Task AFileThatTakesTooLongIsStoppedAndTheNextOneIsRead()
    {
        // Two million words on one page: minutes of work.
        var slow = new PdfFile().Page(new StringBuilder().Insert(0, PdfFile.Text(72, 700, "abc def"), 400_000).ToString()).Save(_folder["slow.pdf"]);
        var good = Simple().Save(_folder["good.pdf"]);
        await using var sandbox = new SandboxedPdfReader(new PdfReadOptions { TimeLimit = TimeSpan.FromMilliseconds(50), TimeLimitPerMegabyte = TimeSpan.Zero });
        await using var patient = new SandboxedPdfReader();

        var first = await sandbox.ReadAsync(slow, TestContext.Current.CancellationToken);
        var second = await patient.ReadAsync(good, TestContext.Current.CancellationToken);

        Assert.Equal(ReadStatus.TimedOut, first.Status);
        Assert.Contains("time limit", first.Message, StringComparison.Ordinal);
        Assert.Equal(ReadStatus.Ok, second.Status);
    }

    [Fact]
    public async Task AFileThatNeedsTooMuchMemoryIsStoppedAndTheNextOneIsRead()
    {
        // 2 GB of spaces, compressed to 2 MB, in a heap of 128 MiB.
        var stream = Deflate(2_000_000_000);
        var path = _folder["huge.pdf"];
        WriteWithStream(path, stream);
        var good = Simple().Save(_folder["good.pdf"]);
        await using var sandbox = new SandboxedPdfReader(new PdfReadOptions { HeapLimitBytes = 128L << 20 });

        var first = await sandbox.ReadAsync(new SourceFile(path, "huge.pdf", "00"), TestContext.Current.CancellationToken);
        var second = await sandbox.ReadAsync(good, TestContext.Current.CancellationToken);

        Assert.Contains(first.Status, new[] { ReadStatus.OutOfMemory, ReadStatus.Broken });
        Assert.Equal(ReadStatus.Ok, second.Status);
    }

    [Fact]
    public async Task CancellingStopsTheChildAtOnce()
    {
        var file = Simple().Save(_folder["simple.pdf"]);
        await using var sandbox = new SandboxedPdfReader();
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sandbox.ReadAsync(file, cancel.Token));
        Assert.Equal(ReadStatus.Ok, (await sandbox.ReadAsync(file, TestContext.Current.CancellationToken)).Status);
    }

    [Fact]
    public async Task TheWorkerLeavesWhenItsParentIsGone()
    {
        using var input = new MemoryStream();
        using var output = new MemoryStream();

        await ReadWorker.RunAsync(input, output, TestContext.Current.CancellationToken);

        Assert.Equal(0, output.Length);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    [InlineData(100)] // more than follows
    public async Task AnnouncedSizesAreNotBelieved(int length)
    {
        var bytes = new byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, length);
        using var stream = new MemoryStream(bytes);

        await Assert.ThrowsAsync<InvalidDataException>(() => MessageFrame.ReadAsync(stream, MessageFrame.MaxRequestBytes, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void LimitsThatMakeNoSenseAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SandboxedPdfReader(new PdfReadOptions { TimeLimit = TimeSpan.Zero }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SandboxedPdfReader(new PdfReadOptions { HeapLimitBytes = 1000 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SandboxedPdfReader(new PdfReadOptions { Processes = 0 }));
    }

    /// <summary>151 files from many producers: broken, encrypted, scanned, rotated, hostile. Tags and passwords come from the manifest.</summary>
    [Fact]
    public async Task EveryHostileFileGetsTheRightVerdict()
    {
        var root = Fixtures.Shared("data", "pdf", "robustness");
        await using var sandbox = new SandboxedPdfReader(new PdfReadOptions { Processes = 2, TimeLimit = TimeSpan.FromSeconds(60) });
        var wrong = new ConcurrentBag<string>();

        var entries = File.ReadLines(Path.Combine(root, "manifest.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        await Parallel.ForEachAsync(entries, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = TestContext.Current.CancellationToken }, async (entry, cancellationToken) =>
        {
            var name = entry.GetProperty("file").GetString()!;
            var path = Path.Combine(root, "files", name);
            var result = await sandbox.ReadAsync(new SourceFile(path, name, "00"), cancellationToken);
            if (Complaint(entry, result) is { } complaint) wrong.Add($"{name}: {complaint}; was {result.Status} {result.Message}");
            if (entry.GetProperty("password").GetString() is not { } password) return;
            var opened = await sandbox.ReadAsync(new SourceFile(path, name, "00", password), cancellationToken);
            if (opened.Status is ReadStatus.Encrypted or ReadStatus.Broken) wrong.Add($"{name}: its password opens it; was {opened.Status} {opened.Message}");
            var refused = await sandbox.ReadAsync(new SourceFile(path, name, "00", "not the password"), cancellationToken);
            if (refused.Status != ReadStatus.Encrypted) wrong.Add($"{name}: a wrong password does not; was {refused.Status}");
        });

        Assert.Empty(wrong);
    }

    private static string? Complaint(JsonElement entry, ReadResult result)
    {
        var tags = entry.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!).ToHashSet();
        var characters = entry.GetProperty("chars").GetInt32();
        if (result.Status is ReadStatus.TimedOut or ReadStatus.OutOfMemory) return "no file may loop or explode";
        if (result.Status is not ReadStatus.Ok && string.IsNullOrEmpty(result.Message)) return "every failure says what to do";
        if (tags.Contains("needs-password")) return result.Status == ReadStatus.Encrypted ? null : "a password is needed";
        if (tags.Contains("encrypted-openable") && result.Status == ReadStatus.Encrypted) return "no password is needed";
        if (tags.Contains("scanned-no-text")) return result.Status == ReadStatus.NeedsOcr ? null : "pictures need OCR";
        if (tags.Contains("unreadable-by-poppler")) return result.Document is null ? null : "nothing can be read";
        if (tags.Contains("prose") && result.Document is null) return "it is full of text";
        if (tags.Contains("prose") && !tags.Contains("qpdf-error") && Text(result) < 0.9 * characters) return $"{characters} characters were expected, {Text(result)} came";
        return null;
    }

    private static int Text(ReadResult result) => result.Document!.Pages.Sum(page => page.Blocks.Sum(block => block.Text.Count(c => !char.IsWhiteSpace(c) && c != '|')));

    private static PdfFile Simple() => new PdfFile().Page(PdfFile.Text(72, 700, "A line of text.")).Page(PdfFile.Text(72, 700, "Another page."));

    private static byte[] Deflate(long spaces)
    {
        using var compressed = new MemoryStream();
        using (var zlib = new System.IO.Compression.ZLibStream(compressed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            var block = Encoding.ASCII.GetBytes(new string(' ', 1 << 20));
            for (; spaces > 0; spaces -= block.Length) zlib.Write(block);
        }

        return compressed.ToArray();
    }

    private static void WriteWithStream(string path, byte[] stream)
    {
        var head = $"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>\nendobj\n4 0 obj\n<< /Filter /FlateDecode /Length {stream.Length} >>\nstream\n";
        using var file = File.Create(path);
        file.Write(Encoding.ASCII.GetBytes(head));
        file.Write(stream);
        file.Write("\nendstream\nendobj\ntrailer\n<< /Root 1 0 R /Size 5 >>\n%%EOF\n"u8);
    }
}
