using DomainTuning.Answering;
using DomainTuning.Chunks;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Arms;
using DomainTuning.Evaluator.Runs;
using DomainTuning.Evaluator.Searches;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;
using Microsoft.Extensions.AI;

namespace DomainTuning.Evaluator.Tests;

/// <summary>A manual of four pages with four questions, one of which it does not answer, and all that a run over it needs.</summary>
internal sealed class PumpCorpus
{
    public static readonly string[] Pages =
    [
        "The pump PX-40 delivers 40 litres per minute at a pressure of 6 bar. Its motor draws 1.5 kW from a 400 V supply.",
        "Replace the shaft seal every 2000 hours. Drain the housing before the seal is removed, and tighten the cover screws with 12 Nm.",
        "Error E17 reports that the pump runs dry. Close the outlet valve, fill the suction line and restart the controller.",
        "The relay board switches the heater <script>alert('x')</script> and the lamp | both on terminal K2.",
    ];

    private PumpCorpus(MemoryChunkIndex index, HashEmbedder embedder, CorpusChunks chunks, PlainBaseline plain) =>
        (Index, Embedder, Chunks, Plain) = (index, embedder, chunks, plain);

    public static IReadOnlyList<Question> Questions { get; } =
    [
        Ask("p-1", "How many litres per minute does the PX-40 deliver?", QuestionKind.Parameter, ["40", "40 litres per minute"], 1, "delivers 40 litres per minute"),
        Ask("p-2", "After how many hours is the shaft seal replaced?", QuestionKind.Fact, ["2000 hours"], 2, "Replace the shaft seal every 2000 hours."),
        Ask("p-3", "What does error E17 report?", QuestionKind.Code, ["the pump runs dry"], 3, "Error E17 reports that the pump runs dry."),
        Ask("p-4", "Which colour has the lacquer of the gearbox?", QuestionKind.NearMiss, [], 0, ""),
    ];

    public MemoryChunkIndex Index { get; }

    public HashEmbedder Embedder { get; }

    public CorpusChunks Chunks { get; }

    public PlainBaseline Plain { get; }

    public static EvaluationRecipe Recipe { get; } = new() { Corpus = "pumps", ChatModel = "scripted", Retrieval = new RetrievalOptions { Top = 4 } };

    public static CorpusFacts Facts { get; } = new("pumps", "0123", "hash-64", 4, new Dictionary<string, string> { ["pump.pdf"] = "00" }, "11");

    public static async Task<PumpCorpus> CreateAsync(CancellationToken cancellationToken)
    {
        var embedder = new HashEmbedder(64);
        var index = new MemoryChunkIndex(new IndexManifest { Corpus = "pumps", Embedder = embedder.Identity, Chunking = new ChunkingOptions() });
        await (await SampleDocument.CreateAsync(embedder, "pump.pdf", Pages)).StoreInAsync(index, cancellationToken);
        var chunks = await CorpusChunks.ReadAsync(index, cancellationToken);
        return new PumpCorpus(index, embedder, chunks, new PlainBaseline(chunks, embedder));
    }

    public CorpusSearch Search(Reranker? reranker = null, RetrievalOptions? options = null) =>
        new("hybrid", "the whole search", Chunks, new Retriever(Index, Embedder, reranker), options ?? new RetrievalOptions { Top = 4 });

    public AnswererArm Quote() => new("quote", "the best quote", "quote v1", new Answerer(Index, new Retriever(Index, Embedder), Embedder, null, new AnsweringOptions { Retrieval = Recipe.Retrieval }));

    public ModelArm Rag(IChatClient model, string name = "rag", string identity = "model v1") => new(model, new ModelArmOptions
    {
        Name = name,
        Description = "a scripted model over the search",
        ModelIdentity = identity,
        ReadIdentity = Chunks.Identity,
        Read = async (question, token) => new Reading(await Search().SearchAsync(question.Text, token), 0),
    });

    public ModelArm Base(IChatClient model) => new(model, new ModelArmOptions { Name = "base", Description = "a scripted model alone", ModelIdentity = "model v1" });

    public EvaluationRun Run(IReadOnlyList<EvaluationArm> arms, string? cache = null) => new(Recipe, Chunks, [Plain, Search()], arms) { CacheFolder = cache };

    private static Question Ask(string id, string text, QuestionKind kind, string[] answers, int page, string quote) => new()
    {
        Id = id, Text = text, Kind = kind, Split = QuestionSplit.Test, Section = $"pump § {page}", Answers = answers, Evidence = page == 0 ? [] : [new QuestionEvidence("pump.pdf", page, quote)],
    };
}
