using DomainTuning.Embeddings;
using DomainTuning.Indexing;

namespace DomainTuning.Answering;

/// <summary>
/// What a cosine is worth. Encoders differ: one gives two unrelated texts 0.1, another 0.7. So the zero is measured: how near the index comes to
/// everyday questions that hardly any corpus answers. Measured once for an index, a tenth of a second.
/// </summary>
/// <param name="Unrelated">The median cosine of those questions and their nearest chunk.</param>
internal sealed record CosineScale(double Unrelated)
{
    /// <summary>A sentence that answers a question comes this far from unrelated to equal (bge-small-en-v1.5 on corpora/cnc: 0.9 where unrelated is 0.55).</summary>
    private const double Answering = 0.78;

    private static readonly string[] English =
    [
        "Who won the football world cup?", "How long should pasta be boiled?", "What are the side effects of aspirin?", "Which river flows through Paris?",
        "How do I cancel my gym membership?", "When was the first opera performed?", "What do hedgehogs eat in winter?", "How is a mortgage calculated?",
    ];

    private static readonly string[] Chinese =
        ["谁赢得了足球世界杯？", "意大利面应该煮多久？", "阿司匹林有什么副作用？", "哪条河流经巴黎？", "我怎样取消健身房会员？", "第一部歌剧是什么时候上演的？", "刺猬冬天吃什么？", "房贷怎么计算？"];

    /// <summary>0 for a cosine that anything gets, 1 for that of a sentence that answers.</summary>
    public double Of(double cosine) => Math.Clamp((cosine - Unrelated) / (Answering * (1 - Unrelated)), 0, 1);

    public static async Task<CosineScale> MeasureAsync(bool inChinese, ChunkIndex index, Embedder embedder, CancellationToken cancellationToken)
    {
        var cosines = new List<double>();
        foreach (var question in inChinese ? Chinese : English)
        {
            var vector = await embedder.EmbedQueryAsync(question, cancellationToken).ConfigureAwait(false);
            var nearest = await index.SearchDenseAsync(vector, 1, ChunkFilter.None, cancellationToken).ConfigureAwait(false);
            cosines.Add(nearest.Count == 0 ? 0 : nearest[0].Score);
        }

        cosines.Sort();
        return new CosineScale(Math.Min(0.95, (cosines[(cosines.Count - 1) / 2] + cosines[cosines.Count / 2]) / 2));
    }
}
