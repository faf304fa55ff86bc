using System.Text.RegularExpressions;
using DomainTuning.Chunks;

namespace DomainTuning.Tuning.Examples.Structure;

/// <summary>
/// Lists of options, parameters, pins and codes: "• NAME = value - what it is", "• (bit) name — what it is", "• -b or --baud &lt;rate&gt; : what it is",
/// "name (s32, out)" above its description, and table rows of that kind. Asked in both directions, and for defaults and values.
/// </summary>
internal static partial class Items
{
    private const int LeastWords = 3;
    private const int MostWords = 16;

    public static IEnumerable<Fact> Of(IReadOnlyList<Paragraph> paragraphs)
    {
        for (var i = 0; i < paragraphs.Count; i++)
        {
            var paragraph = paragraphs[i];
            if (paragraph.IsTable) continue;
            if (NameLine().Match(paragraph.Text) is { Success: true } alone && i + 1 < paragraphs.Count && paragraphs[i + 1] is { IsItem: false, IsTable: false } below && below.Section == paragraph.Section)
            {
                foreach (var fact in Facts(below, new Item(alone.Groups["name"].Value, alone.Groups["type"].Value, null, below.Text), below.Text, 0)) yield return fact;
                continue;
            }

            var offset = 0;
            foreach (var line in paragraph.Text.Split('\n'))
            {
                if (line.StartsWith(Paragraph.Bullet, StringComparison.Ordinal) && Read(line[Paragraph.Bullet.Length..]) is { } item)
                    foreach (var fact in Facts(paragraph, item, line, offset)) yield return fact;
                offset += line.Length + 1;
            }
        }
    }

    /// <summary>What a row or item says of a name.</summary>
    public static IEnumerable<Fact> Facts(Paragraph where, Item item, string quote, int offset)
    {
        if (!Words.IsCode(item.Name)) yield break;
        var text = item.Description.Trim();
        var first = Sentences.Split(text) is [var range, ..] ? text[range].TrimEnd('.', ' ') : "";
        var noun = Noun(item, where.Heading);
        if (Words.IsPhrase(first, LeastWords, MostWords) && !Dangling().IsMatch(first))
        {
            yield return new Fact(where, "option", item.Name, Forward(item.Name, noun), first, quote, offset);
            if (Backward(noun, first) is { Length: > 0 } backward && !first.Contains(item.Name, StringComparison.OrdinalIgnoreCase))
                yield return new Fact(where, "option", item.Name, backward, item.Name, quote, offset) { Times = 2 };
        }

        if (Default().Match(item.Description) is { Success: true } standard && Value(standard.Groups["value"].Value) is { } normal)
            yield return new Fact(where, "option", item.Name, [$"What is the default of {item.Name}{{in}}?", $"Which value does {item.Name} have{{in}} if I do not set it?", $"{item.Name} default value{{in}}?"], normal, quote, offset) { Times = 2 };
        if (item.Value is { } given && Value(given) is { } value && Telling().IsMatch(value))
            yield return new Fact(where, "option", item.Name, [$"What value does the manual give for {item.Name}{{in}}?", $"To what is {item.Name} set in the manual{{in}}?", $"Which value of {item.Name} is shown{{in}}?"], value, quote, offset);
    }

    private static Item? Read(string line)
    {
        var match = TypeFirst().Match(line);
        if (!match.Success) match = Assigned().Match(line);
        if (!match.Success) match = TypeBehind().Match(line);
        if (!match.Success) match = Dashed().Match(line);
        return match.Success
            ? new Item(match.Groups["name"].Value.TrimEnd(':', ','), match.Groups["type"].Value, match.Groups["value"] is { Success: true } value ? value.Value.Trim() : null, match.Groups["text"].Value)
            : null;
    }

    private static string[] Forward(string name, string noun) =>
    [
        $"What does {name} do{{in}}?", $"What is {name} for{{in}}?", $"What is the {noun} {name}{{in}}?", $"I found {name} in a configuration{{in}}. What does it mean?", $"Explain {name}{{in}}.", $"{name}{{in}}: what is it?",
    ];

    private static string[] Backward(string noun, string text)
    {
        var (low, head) = (Words.Lower(text), text.Split(' ')[0]);
        if (Conditional().IsMatch(text)) return [$"Which {noun} is {low}{{in}}?", $"What is the name of the {noun} that is {low}{{in}}?"];
        if (Acting().IsMatch(head)) return [$"Which {noun} {low}{{in}}?", $"What is the name of the {noun} that {low}{{in}}?", $"I need the {noun} that {low}{{in}}. Which one is it?"];
        if (low.StartsWith("return ", StringComparison.Ordinal)) return [$"Which {noun} returns{low["return".Length..]}{{in}}?", $"What is the name of the {noun} that returns{low["return".Length..]}{{in}}?"];
        if (Words.IsOrder(text)) return [$"Which {noun} do I use to {low}{{in}}?", $"I want to {low}{{in}}. What is the {noun} called?", $"How can I {low}{{in}}?"];
        if (Articled().IsMatch(head)) return [$"Which {noun} is {low}{{in}}?", $"Which {noun} stands for {low}{{in}}?", $"What is {low} called{{in}}?"];
        return Plain().IsMatch(text) ? [$"Which {noun} means: {low}{{in}}?", $"Which {noun} is for {low}{{in}}?"] : [];
    }

    private static string Noun(Item item, string heading)
    {
        if (Code().IsMatch(item.Name)) return "code";
        if (item.Name.StartsWith('-')) return "option";
        if (item.Type.Contains("funct", StringComparison.OrdinalIgnoreCase) || heading.Contains("Function", StringComparison.Ordinal)) return "function";
        if (InOut().IsMatch(item.Type)) return "pin";
        if (ReadWrite().IsMatch(item.Type) || heading.Contains("Parameter", StringComparison.Ordinal)) return "parameter";
        if (heading.Contains("Pin", StringComparison.Ordinal)) return "pin";
        return item.Value is not null || (item.Name.Contains('_', StringComparison.Ordinal) && !item.Name.Any(char.IsAsciiLetterLower)) ? "setting" : Listed(heading);
    }

    /// <summary>"Components" lists components.</summary>
    private static string Listed(string heading) => heading.Split(' ')[^1] is { Length: > 4 } last && last.EndsWith('s') && last.All(char.IsLetter) ? Words.Singular(last.ToLowerInvariant()) : "item";

    /// <summary>A short value as it stands; null for what is none.</summary>
    private static string? Value(string text)
    {
        var value = text.Trim().TrimEnd('.', ',', ';', ')').Trim();
        return value.Length is > 0 and <= 40 && value.Split(' ').Length <= 4 && value.AsSpan().IndexOfAny("•|(") < 0 && !Vague().IsMatch(value) ? value : null;
    }

    private const string Name = @"(?<name>[^\s=()|]+(?: <[^>]{1,20}>)?)";
    private const string Type = @"\((?<type>(?:bit|float|s32|u32|unsigned|signed|int|integer|funct|string|pin|param)?[ ,]*(?:in|out|io|i/o|rw|ro|r/w|input|output|bit|float|s32|u32)?)\)";

    [GeneratedRegex("^" + Type + " " + Name + @"(?: ?[-—–:] ?| )(?<text>\S.+)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex TypeFirst();

    [GeneratedRegex("^" + Name + @" ?= ?(?<value>[^-—–]{1,40}?) [-—–] (?<text>\S.+)$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Assigned();

    [GeneratedRegex("^" + Name + @"(?: -)? " + Type + @" ?[-—–#:]? ?(?<text>\S.+)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex TypeBehind();

    [GeneratedRegex("^" + Name + @" ?[-—–:] (?:" + Type + @" )?(?<text>\S.+)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Dashed();

    [GeneratedRegex("^(?:• )?" + Name + " " + Type + "$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NameLine();

    [GeneratedRegex(@"\b[Dd]efault(?:s|ing)?(?: value| setting)?(?: is| to|:| =| of)+ (?<value>[^,;()\n]+?)(?=[,;()\n]|\. |\.$|$| and | if | which | when | but )", RegexOptions.CultureInvariant)]
    private static partial Regex Default();

    [GeneratedRegex(@"^(the|not|no|a|an|use|used|same|this|it|be)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Vague();

    [GeneratedRegex(@"^(true|false|TRUE|FALSE|True|False|1|0|high|low) (when|if|while|for|on)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Conditional();

    [GeneratedRegex(@"^(Sets|Inverts|Enables|Disables|Reads|Writes|Controls|Specifies|Selects|Returns|Updates|Turns|Determines|Starts|Stops|Resets|Shows|Contains|Holds|Indicates|Converts|Defines|Adds|Counts|Displays|Gives|Moves|Reports|Outputs|Limits|Allows|Causes|Loads|Provides|Stores|Configures|Scales|Requests|Forces|Clears|Plots|Creates|Drives|Runs|Waits|Opens|Closes|Activates|Triggers|Generates|Copies|Samples|Changes|Makes|Negates|Computes|Calculates|Measures)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Acting();

    /// <summary>Says something of what stood before it.</summary>
    [GeneratedRegex(@"^(They|It|This|These|Those|That|Each|If|When|Where|There|Same|See|Note|You|In|On|At|For|By|As|Only|Must|Should|Can|May|Is|Are|Has|Not)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Dangling();

    /// <summary>A number, a constant, a path.</summary>
    [GeneratedRegex(@"\d|^[A-Z]{2,}$|[/.]", RegexOptions.CultureInvariant)]
    private static partial Regex Telling();

    [GeneratedRegex("^(the|a|an)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Articled();

    /// <summary>A noun phrase without an article: no verb in a personal form that a small list would see.</summary>
    [GeneratedRegex(@"^(?!.*\b(is|are|was|were|will|can|must|should|may|has|have|does|do|it|you|this|these)\b)(?!.*[,.;:?]).+$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    [GeneratedRegex(@"^[GMTFSDH]\d+(\.\d)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Code();

    [GeneratedRegex(@"\b(in|out|io|i/o|input|output)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex InOut();

    [GeneratedRegex(@"\b(rw|ro|r/w|param)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ReadWrite();
}

/// <summary>A named thing of a list.</summary>
/// <param name="Type">As written, such as "float, R/W"; may be empty.</param>
/// <param name="Value">What it is set to, null where nothing is said.</param>
internal sealed record Item(string Name, string Type, string? Value, string Description);
