using DomainTuning.Checkpoints.Library;
using DomainTuning.Corpora;
using DomainTuning.Embeddings;
using DomainTuning.Endpoints;
using DomainTuning.Onnx.Encoders;

namespace DomainTuning.Arms;

/// <summary>Opens a sentence encoder of the workspace's model library, wherever it runs. The caller disposes it.</summary>
public static class WorkspaceEmbedder
{
    /// <param name="id">As shown by `domaintuning models list`.</param>
    public static Embedder Open(Workspace workspace, Settings settings, string id)
    {
        var card = new ModelLibrary(workspace.ModelsFolder).Find(id);
        return card.Endpoint is null
            ? OnnxEmbedder.Load(card.Folder, new EncoderOptions { Threads = settings.Threads })
            : new EndpointEmbedder(card, new EndpointOptions { Offline = settings.Offline });
    }
}
