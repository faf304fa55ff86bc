using DomainTuning.Answering;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;
using Microsoft.Extensions.AI;

namespace DomainTuning.Tests.Answering;

/// <summary>A manual of a few pages in an index in memory, and answerers over it.</summary>
internal sealed class SmallManual
{
    public static readonly string[] Pages =
    [
        "The P number of G4 is the time in seconds that all axes will remain unmoving. G4 does not affect spindle, coolant and any I/O. It is an error if the P number is negative.",
        "G61 is the exact path mode: movement exactly as programmed. The machine slows down at every corner to stay on the path.",
        "M48 enables the spindle speed and feed rate override controls. M49 disables both controls.",
        "The tool table file is called tool.tbl by default.\nIt lies beside the configuration.\nEach line holds one tool.",
        "Homing sets the origin of each joint. HOME_SEARCH_VEL = 2.5 sets the speed of the search in units per second. A joint without HOME_SEQUENCE is not homed by HOME ALL.",
    ];

    private SmallManual(ChunkIndex index, HashEmbedder embedder) => (Index, Embedder, Retriever) = (index, embedder, new Retriever(index, embedder));

    public ChunkIndex Index { get; }

    public HashEmbedder Embedder { get; }

    public Retriever Retriever { get; }

    public static async Task<SmallManual> CreateAsync(params IReadOnlyList<string>[] more)
    {
        var embedder = new HashEmbedder(256);
        var index = new MemoryChunkIndex(SampleDocument.Manifest(embedder));
        await (await SampleDocument.CreateAsync(embedder, "manual.pdf", Pages, ["mill"])).StoreInAsync(index, TestContext.Current.CancellationToken);
        for (var i = 0; i < more.Length; i++)
            await (await SampleDocument.CreateAsync(embedder, $"more/{i}.pdf", more[i], ["other"])).StoreInAsync(index, TestContext.Current.CancellationToken);
        return new SmallManual(index, embedder);
    }

    public Answerer Answerer(IChatClient? model = null, AnsweringOptions? options = null) => new(Index, Retriever, Embedder, model, options ?? new AnsweringOptions { MinEvidence = 0.4 });

    public Task<Answer> AskAsync(string question, IChatClient? model = null, AnsweringOptions? options = null) =>
        Answerer(model, options).AnswerAsync([new ChatMessage(ChatRole.User, question)], ChunkFilter.None, TestContext.Current.CancellationToken);
}
