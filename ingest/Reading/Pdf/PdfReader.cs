using DomainTuning.Documents;
using UglyToad.PdfPig;
using UglyToad.PdfPig.Exceptions;
using UglyToad.PdfPig.Outline;
using PdfPage = UglyToad.PdfPig.Content.Page;
using Page = DomainTuning.Documents.Page;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>
/// Reads a PDF in this process: glyphs → words → rows → regions → blocks. It trusts nothing in the file, but it cannot stop a parser that
/// loops or overflows the stack: for files from outside use <see cref="Worker.SandboxedPdfReader"/>, which runs it in a child process.
/// </summary>
public sealed class PdfReader : DocumentReader
{
    public override IReadOnlyList<string> Extensions => [".pdf"];

    /// <summary>Keep running headers, footers and page numbers (for comparisons with other extractors). Default false.</summary>
    public bool KeepRunningText { get; init; }

    public override Task<ReadResult> ReadAsync(SourceFile file, CancellationToken cancellationToken) =>
        Task.Run(() => Read(file, cancellationToken), cancellationToken);

    /// <summary>The same, on the calling thread.</summary>
    internal ReadResult Read(SourceFile file, CancellationToken cancellationToken)
    {
        try
        {
            if (new FileInfo(file.FullPath).Length == 0) return new ReadResult(ReadStatus.Empty, null, $"{file.RelativePath} is empty (0 bytes).");
            using var pdf = Open(file);
            return Read(file, pdf, cancellationToken);
        }
        catch (PdfDocumentEncryptedException)
        {
            return new ReadResult(ReadStatus.Encrypted, null, file.Password is null
                ? $"{file.RelativePath} is encrypted. Pass its password with --password."
                : $"{file.RelativePath} is encrypted and the given password does not open it. Pass the right one with --password.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ReadResult(ReadStatus.Broken, null, $"{file.RelativePath} is not there any more. Check the path and run again.");
        }
        catch (UnauthorizedAccessException)
        {
            return new ReadResult(ReadStatus.Broken, null, $"{file.RelativePath} may not be read by this user. Change its permissions and run again.");
        }
        catch (OutOfMemoryException)
        {
            return new ReadResult(ReadStatus.OutOfMemory, null, $"{file.RelativePath} needs more memory than it may take. Raise the heap limit or split the file.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A parser of hostile files throws anything: index errors, casts, format errors. All mean the same to the user.
            return new ReadResult(ReadStatus.Broken, null, $"{file.RelativePath} is damaged and cannot be opened ({FirstLine(e.Message)}). Repair it (e.g. print it to a new PDF) and run again.");
        }
    }

    private static PdfDocument Open(SourceFile file)
    {
        var options = new ParsingOptions { UseLenientParsing = true, SkipMissingFonts = true };
        if (file.Password is not null) options.Passwords.AddRange([file.Password, SaslPrep(file.Password)]);
        return PdfDocument.Open(file.FullPath, options);
    }

    /// <summary>Revision 6 hashes passwords after SASLprep (RFC 4013): compatibility forms folded, invisible characters dropped.</summary>
    private static string SaslPrep(string password)
    {
        var mapped = password.Where(c => c is not ('\u00AD' or '\u034F' or '\u200B' or '\u200C' or '\u200D' or '\u2060' or '\uFEFF')).Select(c => char.IsWhiteSpace(c) ? ' ' : c);
        try
        {
            return new string([.. mapped]).Normalize(System.Text.NormalizationForm.FormKC);
        }
        catch (ArgumentException)
        {
            return password; // half a surrogate pair: no such password exists
        }
    }

    private ReadResult Read(SourceFile file, PdfDocument pdf, CancellationToken cancellationToken)
    {
        var scanned = new List<ScannedPage>();
        for (var number = 1; number <= pdf.NumberOfPages; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            scanned.Add(Scan(pdf, number));
        }

        var running = RunningText.Find(scanned);
        if (!KeepRunningText)
            foreach (var page in scanned) running.TakeFrom(page);

        var layouts = scanned.ConvertAll(page => page.Frames.Select(frame => (frame.Frame, Items: PageLayout.Of(frame.Words, frame.Rulings))).ToList());
        cancellationToken.ThrowIfCancellationRequested();
        var style = DocumentStyle.Measure(layouts.SelectMany(page => page.Select(frame => (IReadOnlyList<LayoutItem>)frame.Items)));
        var hyphenation = Vocabulary(layouts.SelectMany(page => page.SelectMany(frame => frame.Items)));
        var outlines = Outline(pdf);
        var drafts = new List<List<DraftBlock>>();
        for (var i = 0; i < scanned.Count; i++)
        {
            var outline = outlines.GetValueOrDefault(scanned[i].Number) ?? [];
            drafts.Add([.. layouts[i].SelectMany(frame => new BlockBuilder(scanned[i].Number, frame.Frame, style, hyphenation, outline).Build(frame.Items))]);
        }

        HeadingLevels.Assign(drafts);
        var labels = PageLabels.Read(pdf);
        var pages = new List<Page>();
        for (var i = 0; i < scanned.Count; i++)
        {
            var page = scanned[i];
            pages.Add(new Page
            {
                Number = page.Number,
                Label = labels.GetValueOrDefault(page.Number) ?? running.Labels.GetValueOrDefault(page.Number),
                Width = page.Width,
                Height = page.Height,
                Blocks = page.IsUnreadable ? [] : [.. drafts[i].Select(draft => draft.Block)],
            });
        }

        return PdfVerdict.Of(file, Title(pdf, pages, file), pages, scanned);
    }

    private static ScannedPage Scan(PdfDocument pdf, int number)
    {
        PdfPage page;
        try
        {
            page = pdf.GetPage(number);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            return new ScannedPage { Number = number, Remark = $"failed: {FirstLine(e.Message)}", IsUnreadable = true };
        }

        var glyphs = GlyphReader.Read(page);
        var frames = new List<(Frame Frame, List<Word> Words, Rulings Rulings)>();
        foreach (var (angle, signs) in glyphs.ByAngle.OrderByDescending(entry => entry.Value.Count))
        {
            var frame = new Frame(angle, page.Height);
            var words = WordBuilder.Build(signs);
            if (words.Count > 0) frames.Add((frame, words, frames.Count == 0 ? Rulings.Read(page, frame) : Rulings.None));
        }

        var texts = frames.SelectMany(frame => frame.Words.Select(word => word.Text)).ToList();
        var remark = PageJudge.Judge(glyphs.Count, glyphs.Unknown, texts, page.NumberOfImages, page.Paths.Count(path => path.IsFilled));
        if (glyphs.Count == 0 && remark is null && PageContents.AreLost(pdf, page)) remark = PageContents.Lost;
        return new ScannedPage
        {
            Number = number,
            Width = page.Width,
            Height = page.Height,
            Frames = frames,
            Glyphs = glyphs.Count,
            Remark = remark,
            IsPicture = remark == PageJudge.PictureOnly,
            IsUnreadable = remark is PageJudge.UnknownGlyphs or PageJudge.ImplausibleLetters or PageContents.Lost,
        };
    }

    private static Hyphenation Vocabulary(IEnumerable<LayoutItem> items)
    {
        var hyphenation = new Hyphenation();
        var broken = false;
        foreach (var item in items)
        {
            if (item.Table is { } table)
            {
                foreach (var cell in table.Rows.SelectMany(row => row))
                {
                    broken = false;
                    foreach (var line in cell) Learn(line);
                }

                broken = false;
            }
            else Learn(item.Line!);
        }

        return hyphenation;

        void Learn(Segment line)
        {
            hyphenation.Learn(line.Words, broken);
            broken = Hyphenation.EndsWithHyphen(line.Words[^1].Text);
        }
    }

    /// <summary>Page → normalised title → depth.</summary>
    private static Dictionary<int, Dictionary<string, int>> Outline(PdfDocument pdf)
    {
        var outline = new Dictionary<int, Dictionary<string, int>>();
        try
        {
            if (!pdf.TryGetBookmarks(out var bookmarks)) return outline;
            foreach (var node in bookmarks.GetNodes().OfType<DocumentBookmarkNode>().Take(50_000))
            {
                var key = BlockBuilder.OutlineKey(node.Title ?? "");
                if (key.Length < 2) continue;
                if (!outline.TryGetValue(node.PageNumber, out var titles)) outline[node.PageNumber] = titles = [];
                titles.TryAdd(key, node.Level + 1);
            }
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            outline.Clear(); // a broken outline costs heading levels, not the document
        }

        return outline;
    }

    private static string Title(PdfDocument pdf, List<Page> pages, SourceFile file)
    {
        var declared = GlyphText.Compose(new string([.. (pdf.Information.Title ?? "").Where(c => !char.IsControl(c))])).Trim();
        if (PdfTitle.IsSensible(declared)) return declared;
        var heading = pages.Take(2).SelectMany(page => page.Blocks).Where(block => block.Kind == BlockKind.Heading && !PdfTitle.IsChapterNumber(block.Text)).OrderBy(block => block.Level).FirstOrDefault();
        return heading?.Text ?? Path.GetFileNameWithoutExtension(file.RelativePath);
    }

    internal static string FirstLine(string message) => message.Split('\n', '\r')[0].Trim().TrimEnd('.');
}
