using DomainTuning.Chunks;
using DomainTuning.Corpora;

namespace DomainTuning.Ingest;

/// <summary>One ingestion: what goes into which corpus, and how far a single file may go.</summary>
public sealed record IngestOptions
{
    /// <summary>Name of the corpus: letters, digits, '-', '_' and '.', because it names a file.</summary>
    public required string Corpus { get; init; }

    /// <summary>Files and folders. Paths inside the corpus are relative to the folder given here; a file by itself goes by its name.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>Where index and models are.</summary>
    public required Workspace Workspace { get; init; }

    /// <summary>Put on every document of this run; searches filter by them. A document with other tags is stored again.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Tried on every encrypted PDF.</summary>
    public string? Password { get; init; }

    /// <summary>
    /// Removes the documents that the inputs no longer hold: after the run the corpus holds what was found in them, and nothing else. Needs a folder
    /// among the inputs, and does nothing when one could not be read to the end or is empty, which more often means a missing drive than a wish.
    /// </summary>
    public bool Prune { get; init; }

    /// <summary>Starts from an empty index. The only way to another embedder or other chunk sizes.</summary>
    public bool Rebuild { get; init; }

    /// <summary>Id of the embedder in the model library. Default null: the one the index was built with, or the one in the settings.</summary>
    public string? Embedder { get; init; }

    /// <summary>Where the index is, as in the settings. Default null: what the settings say.</summary>
    public string? Index { get; init; }

    /// <summary>For reading one file; large PDFs get a second a megabyte on top. Default 120 s: some 20 times the slowest of our manuals.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Managed heap of the process that parses a PDF. Default 1 GiB: manuals of 1,000 pages stay under half of that.</summary>
    public long HeapLimitBytes { get; init; } = 1L << 30;

    public ChunkingOptions Chunking { get; init; } = new();

    /// <summary>Checks all values together; throws <see cref="ArgumentException"/> with the rule that was broken.</summary>
    public void Validate()
    {
        if (!IsCorpusName(Corpus))
            throw new ArgumentException($"'{Corpus}' cannot name a corpus; use up to 64 letters, digits, '-', '_' and '.', beginning with a letter or digit.");
        if (Inputs.Count == 0) throw new ArgumentException("No files or folders to ingest were given.");
        if (Tags.FirstOrDefault(tag => tag.Trim().Length == 0 || tag.Any(char.IsControl)) is { } bad)
            throw new ArgumentException($"'{bad}' cannot be a tag; a tag is a word or a few, without line ends.");
        if (TimeLimit < TimeSpan.FromSeconds(1) || TimeLimit > TimeSpan.FromDays(1))
            throw new ArgumentException($"The time limit is {TimeLimit.TotalSeconds:0.###} s; it must be between 1 s and 86400 s (a day).");
        if (HeapLimitBytes < 64 << 20) throw new ArgumentException($"The heap limit is {HeapLimitBytes >> 20} MiB; at least 64 are needed to parse a PDF.");
        if (Prune && !Inputs.Any(Directory.Exists))
            throw new ArgumentException("Pruning needs a folder among the inputs: what is not in it is removed from the corpus. Single files say nothing about the others.");
        Chunking.Validate();
    }

    private static bool IsCorpusName(string name) =>
        name.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(name[0]) && name[^1] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
