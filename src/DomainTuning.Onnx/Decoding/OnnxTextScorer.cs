using DomainTuning.Answering;

namespace DomainTuning.Onnx.Decoding;

/// <summary>Scores texts with the engine of a chat client: read in chunks between other people's answers, logits computed for the continuation alone. Thread-safe.</summary>
internal sealed class OnnxTextScorer(DecodingEngine engine, ChatFormat format, string modelId) : TextScorer
{
    public override async Task<IReadOnlyList<TextScore>> ScoreAsync(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellationToken = default)
    {
        if (requests.Count == 0) return [];
        var scores = await engine.ScoreAsync([.. requests.Select(request => Read(request, cancellationToken))]).ConfigureAwait(false);
        return [.. scores.Select(score => new TextScore(score))];
    }

    private Scoring Read(ScoringRequest request, CancellationToken cancellationToken)
    {
        if (request.ModelId is { } asked && asked != modelId) throw new NotSupportedException($"ScoringRequest.ModelId is '{asked}'; this client runs '{modelId}'.");
        IEnumerable<int> before = request.Chat.Count > 0 ? format.Encode(request.Chat) : format.Tokenizer.Prefix;
        List<int> ids = [.. before, .. Encode(request.Prefix)];
        var from = Math.Max(ids.Count, 1); // the first token of all follows nothing
        ids.AddRange(Encode(request.Continuation));
        if (ids.Count <= from) throw new ArgumentException($"The continuation '{request.Continuation}' leaves no token to score: pass a longer one, or a prefix for it to follow.");
        return new Scoring(ids, from, cancellationToken);
    }

    private IEnumerable<int> Encode(string text) => format.Tokenizer.Encode(text).Select(token => token.Id);
}
