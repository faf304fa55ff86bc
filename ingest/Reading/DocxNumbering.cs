using System.Globalization;
using System.Text;
using DocumentFormat.OpenXml.Wordprocessing;

namespace DomainTuning.Ingest.Reading;

/// <summary>
/// Counts numbered paragraphs as Word does, because a .docx stores no numbers: "see step 3" needs the 3. ECMA-376 part 1, 17.9.
/// </summary>
internal sealed class DocxNumbering
{
    private const int Levels = 9;

    private readonly Dictionary<int, AbstractNum> shapes = [];
    private readonly Dictionary<int, NumberingInstance> lists = [];
    private readonly Dictionary<int, int?[]> counters = [];
    private readonly HashSet<(int List, int Level)> restarted = [];

    public DocxNumbering(Numbering? part)
    {
        foreach (var shape in part?.Elements<AbstractNum>() ?? [])
            if (shape.AbstractNumberId?.Value is { } id) shapes.TryAdd(id, shape);
        foreach (var list in part?.Elements<NumberingInstance>() ?? [])
            if (list.NumberID?.Value is { } id) lists.TryAdd(id, list);
    }

    /// <summary>Counts one paragraph.</summary>
    /// <param name="styleId">The style that the numbering comes from, if any: a level may be tied to it.</param>
    /// <returns>Whether the paragraph is in a list, and its number as printed ("3.", "b)", "2.1"); null for a bullet.</returns>
    public (bool InList, string? Number) Count(NumberingProperties? numbering, string? styleId)
    {
        if (numbering?.NumberingId?.Val?.Value is not { } id || id == 0 || !lists.TryGetValue(id, out var list)) return (false, null);
        if (list.AbstractNumId?.Val?.Value is not { } shapeId || !shapes.TryGetValue(shapeId, out var shape)) return (true, null);

        var level = Math.Clamp(numbering.NumberingLevelReference?.Val?.Value ?? LevelOf(shape, styleId), 0, Levels - 1);
        if (!counters.TryGetValue(shapeId, out var counter)) counters[shapeId] = counter = new int?[Levels];
        if (StartOverride(list, level) is { } start && restarted.Add((id, level))) counter[level] = start - 1;
        for (var above = 0; above < level; above++) counter[above] ??= StartOf(list, shape, above);
        counter[level] = counter[level] + 1 ?? StartOf(list, shape, level);
        for (var below = level + 1; below < Levels; below++) counter[below] = null;

        return (true, Print(list, shape, level, counter));
    }

    private static string? Print(NumberingInstance list, AbstractNum shape, int level, int?[] counter)
    {
        if (LevelAt(list, shape, level) is not { } definition) return null;
        if (definition.NumberingFormat?.Val?.Value is { } format && (format == NumberFormatValues.Bullet || format == NumberFormatValues.None)) return null;
        var text = new StringBuilder(definition.LevelText?.Val?.Value ?? $"%{level + 1}.");
        for (var i = 0; i <= level; i++)
            text.Replace($"%{i + 1}", Format(counter[i] ?? 1, LevelAt(list, shape, i)?.NumberingFormat?.Val?.Value));
        var number = Wording.OneLine(text.ToString());
        return number.Length is 0 or > 40 ? null : number;
    }

    private static Level? LevelAt(NumberingInstance list, AbstractNum shape, int level) =>
        Override(list, level)?.Level ?? shape.Elements<Level>().FirstOrDefault(definition => definition.LevelIndex?.Value == level);

    private static LevelOverride? Override(NumberingInstance list, int level) =>
        list.Elements<LevelOverride>().FirstOrDefault(change => change.LevelIndex?.Value == level);

    private static int? StartOverride(NumberingInstance list, int level) => Override(list, level)?.StartOverrideNumberingValue?.Val?.Value;

    private static int StartOf(NumberingInstance list, AbstractNum shape, int level) => LevelAt(list, shape, level)?.StartNumberingValue?.Val?.Value ?? 1;

    private static int LevelOf(AbstractNum shape, string? styleId) =>
        styleId is null ? 0 : shape.Elements<Level>().FirstOrDefault(level => level.ParagraphStyleIdInLevel?.Val?.Value == styleId)?.LevelIndex?.Value ?? 0;

    private static string Format(int number, NumberFormatValues? format) =>
        format == NumberFormatValues.LowerLetter ? Letters(number, 'a')
        : format == NumberFormatValues.UpperLetter ? Letters(number, 'A')
        : format == NumberFormatValues.LowerRoman ? Roman(number).ToLowerInvariant()
        : format == NumberFormatValues.UpperRoman ? Roman(number)
        : format == NumberFormatValues.DecimalZero ? number.ToString("00", CultureInfo.InvariantCulture)
        : number.ToString(CultureInfo.InvariantCulture);

    /// <summary>a … z, aa, bb …: Word repeats the letter.</summary>
    private static string Letters(int number, char first) =>
        number is < 1 or > 26 * 8 ? number.ToString(CultureInfo.InvariantCulture) : new string((char)(first + ((number - 1) % 26)), 1 + ((number - 1) / 26));

    private static string Roman(int number)
    {
        if (number is < 1 or > 3999) return number.ToString(CultureInfo.InvariantCulture);
        var text = new StringBuilder();
        foreach (var (value, sign) in ((int, string)[])[(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")])
            for (; number >= value; number -= value) text.Append(sign);
        return text.ToString();
    }
}
