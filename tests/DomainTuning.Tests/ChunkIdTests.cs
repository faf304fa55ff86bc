using DomainTuning.Chunks;
using DomainTuning.Documents;

namespace DomainTuning.Tests;

public sealed class ChunkIdTests
{
    [Fact]
    public void TheSameChunkHasTheSameIdAndAnotherPositionHasAnother()
    {
        var document = DocumentId.From(new string('a', 64), "manuals\\hal.pdf");

        var id = ChunkId.From("cnc", document, 3, "text");

        Assert.Equal(id, ChunkId.From("cnc", DocumentId.From(new string('a', 64), "manuals/hal.pdf"), 3, "text"));
        Assert.NotEqual(id, ChunkId.From("cnc", document, 4, "text"));
        Assert.Equal(5, id.Value.Version);
        Assert.Equal(id, ChunkId.Parse(id.ToString()));
    }
}
