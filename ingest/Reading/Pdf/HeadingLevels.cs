using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>
/// Gives headings without a number their level: that of numbered headings in the same type; in other type no larger than theirs (the captions of
/// examples, say), one below the numbered heading they stand under; in documents without numbers, the rank of their type.
/// </summary>
internal static class HeadingLevels
{
    public static void Assign(List<List<DraftBlock>> pages)
    {
        var headings = pages.SelectMany(page => page).Where(draft => draft.Block.Kind == BlockKind.Heading).ToList();
        var known = headings.GroupBy(Type).Where(IsNumbered)
            .ToDictionary(group => group.Key, group => group.Where(draft => draft.Block.Level > 0).GroupBy(draft => draft.Block.Level).MaxBy(levels => levels.Count())!.Key);
        var ranks = headings.Select(Type).Distinct().OrderByDescending(type => type.Size).ThenByDescending(type => type.Face.Bold).ToList();
        var largest = known.Count == 0 ? 0 : known.Keys.Max(type => type.Size);
        var above = 0;
        foreach (var page in pages)
            for (var i = 0; i < page.Count; i++)
            {
                var block = page[i].Block;
                if (block.Kind != BlockKind.Heading) continue;
                var type = Type(page[i]);
                int level;
                if (known.TryGetValue(type, out var usual)) above = level = block.Level > 0 ? block.Level : usual;
                else level = known.Count > 0 && type.Size <= largest ? above + 1 : RankOf(type, known, ranks);
                page[i] = page[i] with { Block = block with { Level = Math.Clamp(level, 1, 6) } };
            }
    }

    private static (double Size, FontFace Face) Type(DraftBlock draft) => (draft.Size, draft.Face);

    /// <summary>A caption that happens to begin with a number ("16 zeros for the 16 inputs") does not number its type.</summary>
    private static bool IsNumbered(IEnumerable<DraftBlock> sameType)
    {
        var drafts = sameType.ToList();
        return 2 * drafts.Count(draft => draft.Block.Level > 0) >= drafts.Count;
    }

    private static int RankOf((double Size, FontFace Face) type, Dictionary<(double Size, FontFace Face), int> known, List<(double Size, FontFace Face)> ranks)
    {
        // Below the nearest larger type whose level is known, as many ranks as lie between.
        var rank = ranks.IndexOf(type);
        for (var i = rank - 1; i >= 0; i--)
            if (known.TryGetValue(ranks[i], out var level))
                return level + rank - i;
        return rank + 1;
    }
}
