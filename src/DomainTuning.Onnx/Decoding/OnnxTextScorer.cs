using DomainTuning.Answering;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Onnx.Decoding;

/// <summary>Scores texts with the engine of a chat client: read in chunks between other people's answers, logits computed for the continuation alone. Thread-safe.</summary>
internal sealed class OnnxTextScorer(DecodingEngine engine, ChatFormat format, string modelId, AdapterShelf? adapters) : TextScorer
{
    public override async Task<IReadOnlyList<TextScore>> ScoreAsync(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellationToken = default)
    {
        if (requests.Count == 0) return [];
        var leases = new Dictionary<string, AdapterLease>(StringComparer.Ordinal);
        try
        {
            foreach (var name in requests.Select(request => ChatRequest.AdapterOf(request.ModelId, modelId)).OfType<string>().Distinct())
                leases.Add(name, await AdapterShelf.TakeAsync(adapters, name, modelId, cancellationToken).ConfigureAwait(false));
            var scores = await engine.ScoreAsync(
                [.. requests.Select(request => Read(request, ChatRequest.AdapterOf(request.ModelId, modelId) is { } name ? leases[name].Adapter : null, cancellationToken))]).ConfigureAwait(false);
            return [.. scores.Select(score => new TextScore(score))];
        }
        finally
        {
            foreach (var lease in leases.Values) lease.Dispose();
        }
    }

    private Scoring Read(ScoringRequest request, LoadedAdapter? adapter, CancellationToken cancellationToken)
    {
        IEnumerable<int> before = request.Chat.Count > 0 ? format.Encode(request.Chat) : format.Tokenizer.Prefix;
        List<int> ids = [.. before, .. Encode(request.Prefix)];
        var from = Math.Max(ids.Count, 1); // the first token of all follows nothing
        ids.AddRange(Encode(request.Continuation));
        if (ids.Count <= from) throw new ArgumentException($"The continuation '{request.Continuation}' leaves no token to score: pass a longer one, or a prefix for it to follow.");
        return new Scoring(ids, from, cancellationToken, adapter);
    }

    private IEnumerable<int> Encode(string text) => format.Tokenizer.Encode(text).Select(token => token.Id);
}
