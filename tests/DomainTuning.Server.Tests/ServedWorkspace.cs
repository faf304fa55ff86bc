using System.Text.Json.Nodes;
using DomainTuning.Chunks;
using DomainTuning.Corpora;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Encoders;
using DomainTuning.Arms;
using DomainTuning.Stores.Sqlite;

[assembly: AssemblyFixture(typeof(DomainTuning.Server.Tests.ServedWorkspace))]

namespace DomainTuning.Server.Tests;

/// <summary>
/// A server over a workspace with the shipped models, a tiny one whose template knows tools, and a corpus "pumps" of three pages, on a free port.
/// One for all tests: opening models takes longer than most of them.
/// </summary>
public sealed class ServedWorkspace : IAsyncLifetime
{
    private static readonly string[] Pages =
    [
        "The pump PX-40 delivers 40 litres per minute at a pressure of 6 bar. Its motor draws 1.5 kW from a 400 V supply.",
        "Replace the shaft seal every 2000 hours. Drain the housing before the seal is removed, and tighten the cover screws with 12 Nm.",
        "Error E17 reports that the pump runs dry. Close the outlet valve, fill the suction line and restart the controller.",
    ];

    /// <summary>Any model follows a grammar, so this one (random weights) calls functions where it must.</summary>
    private const string ToolTemplate =
        """{% if tools %}{{ tools | tojson }} call as <tool_call>{} </tool_call>{% endif %}{% for m in messages %}{{ m.role }}: {{ m.content }}{{ '\\n' }}{% endfor %}assistant: """;

    private readonly TemporaryFolder folder = new();
    private ArmCatalog arms = null!;
    private WebServer server = null!;

    public HttpClient Client { get; private set; } = null!;

    public Uri Address => new(server.Address);

    public string Folder => folder.Path;

    public ArmCatalog Arms => arms;

    /// <summary>Where the chat model's adapters go.</summary>
    public string AdaptersFolder => new Workspace(folder.Path).AdaptersFolder("smollm2-135m-instruct");

    public async ValueTask InitializeAsync()
    {
        CopyModels();
        var workspace = new Workspace(folder.Path);
        await IngestAsync(workspace);
        ShareConversions(workspace);
        var settings = new Settings { Port = 0 };
        arms = new ArmCatalog(workspace, settings);
        await arms.ChatClientAsync(settings.ChatModel); // converted here: a client would give up waiting for it on a busy machine
        server = await WebServer.StartAsync(settings, arms);
        Client = new HttpClient { BaseAddress = new Uri(server.Address), Timeout = TimeSpan.FromMinutes(3) };
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await server.DisposeAsync();
        await arms.DisposeAsync();
        folder.Dispose();
    }

    private void CopyModels()
    {
        foreach (var model in new[] { "bge-small-en-v1.5", "smollm2-135m-instruct" })
        {
            var target = Directory.CreateDirectory(Path.Combine(folder["models"], model)).FullName;
            foreach (var file in Directory.GetFiles(Fixtures.Model(model))) File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        var tiny = Directory.CreateDirectory(Path.Combine(folder["models"], "tiny-tools")).FullName;
        foreach (var file in new[] { "config.json", "model.safetensors", "tokenizer.json" }) File.Copy(Fixtures.Path("models", "tiny-llama", file), Path.Combine(tiny, file));
        var config = JsonNode.Parse(File.ReadAllText(Fixtures.Path("models", "tiny-llama", "tokenizer_config.json")))!;
        config["chat_template"] = ToolTemplate;
        File.WriteAllText(Path.Combine(tiny, "tokenizer_config.json"), config.ToJsonString());
    }

    /// <summary>The shipped model is converted once for all tests of one build, as in DomainTuning.Onnx.Tests.</summary>
    private static void ShareConversions(Workspace workspace)
    {
        if (OperatingSystem.IsWindows()) return; // a link takes rights there that a test may not have
        var cache = Directory.CreateDirectory(Path.Combine(Fixtures.Root, ".domaintuning", "test-models", typeof(OnnxChatClient).Module.ModuleVersionId.ToString("N"))).FullName;
        Directory.CreateDirectory(workspace.StateFolder);
        Directory.CreateSymbolicLink(workspace.ModelCacheFolder, cache);
    }

    private static async Task IngestAsync(Workspace workspace)
    {
        using var embedder = OnnxEmbedder.Load(Fixtures.Model("bge-small-en-v1.5"));
        var manifest = new IndexManifest { Corpus = "pumps", Embedder = embedder.Identity, Chunking = new ChunkingOptions() };
        Directory.CreateDirectory(workspace.IndexFolder);
        await using var index = await SqliteChunkIndex.OpenForWritingAsync(workspace.IndexFile("pumps"), manifest, CancellationToken.None);
        var id = DocumentId.From(new string('0', 64), "px40.txt");
        var pages = Pages.Select((text, i) => new Page
        {
            Number = i + 1,
            Label = $"{i + 41}",
            Blocks = [new Block { Kind = BlockKind.Paragraph, Text = text, Page = i + 1, Box = new Box(50, 60, 500, 90) }],
        }).ToList();
        var chunks = Pages.Select((text, i) => new Chunk
        {
            Id = ChunkId.From("pumps", id, i, text), DocumentId = id, Position = i, Text = text,
            Parts = [new ChunkPart(i + 1, 0, text.Length, new Box(50, 60, 500, 90))], TokenCount = embedder.CountTokens(text),
        }).ToList();
        var vectors = await embedder.EmbedPassagesAsync([.. chunks.Select(chunk => chunk.EmbeddedText)]);
        await index.StoreAsync(
            new IndexedDocument(id, "px40.txt", "PX-40", new string('0', 64), 3, 3, [], TimeProvider.System.GetUtcNow()),
            [.. pages.Select(page => page.ToText())], [.. chunks.Zip(vectors, (chunk, vector) => new EmbeddedChunk(chunk, vector))]);
    }
}
