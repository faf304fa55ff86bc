using DomainTuning.Answering.Words;

namespace DomainTuning.Answering;

/// <summary>
/// Makes a follow-up searchable by itself: "And how long does it last?" needs the subject of the question before it. The rule is plain: a question that points
/// back (it, that, there), goes on (and, what about), or names almost nothing gets the content words of the last question that stood by itself.
/// A model may phrase it better; its wording counts only when <see cref="Accepts"/> finds the question and the history in it and nothing else.
/// </summary>
internal static class FollowUp
{
    /// <summary>Most words carried over: more than a subject would drown the follow-up.</summary>
    private const int MaxCarried = 8;

    private static readonly HashSet<string> Pointers = Set("it its it's they them their theirs this these those he she his her there such former latter same");

    private static readonly HashSet<string> Openers = Set("and or but so then also otherwise instead why else");

    private static readonly string[] OpeningPhrases = ["what about", "how about", "what if", "what else", "how so", "for example", "in which case", "is that", "are those", "tell me more", "more about"];

    /// <summary>Before "that" at these places it points back; elsewhere it joins ("the setting that limits …").</summary>
    private static readonly HashSet<string> BeforePointingThat = Set("of for to in with about does is do on by from after before like why was did can");

    /// <summary>The question of the last message as it should be searched for.</summary>
    /// <param name="questions">What the user asked so far, oldest first; the last one is asked now.</param>
    public static string Standalone(IReadOnlyList<string> questions)
    {
        var subject = "";
        var standalone = "";
        foreach (var question in questions)
        {
            standalone = PointsBack(question) && subject.Length > 0 ? Carry(subject, question) : question;
            subject = standalone;
        }

        return standalone;
    }

    /// <summary>True when the question cannot be searched for by itself.</summary>
    public static bool PointsBack(string question)
    {
        var words = Words(question);
        if (words.Count == 0) return false;

        var trimmed = string.Join(' ', words);
        if (Openers.Contains(words[0]) || OpeningPhrases.Any(phrase => trimmed.StartsWith(phrase, StringComparison.Ordinal))) return true;

        var terms = Term.Of(question);
        var content = terms.Count(term => term.IsContent);
        if (content == 0 || (content == 1 && words.Count <= 4 && terms.All(term => term.Kind != TermKind.Code && !IsName(question, term)))) return true;

        // "If a tool breaks, how do I replace it?" brings its own subject; "Does it stop?" and "How do I disable this?" do not.
        var before = 0;
        foreach (var term in terms)
        {
            var word = question.Substring(term.Start, term.Length).ToLowerInvariant();
            if (Pointers.Contains(word)) return before <= 2;
            if (word == "that" && PointingThat(question, term)) return before <= 3;
            if (term.IsContent) before++;
        }

        return false;
    }

    /// <summary>Whether a rewritten question keeps what was asked, takes every added word from the history, adds something, and stays short.</summary>
    public static bool Accepts(string rewritten, string question, IReadOnlyList<string> history)
    {
        if (rewritten.Length > question.Length + 200 || rewritten.Contains('\n', StringComparison.Ordinal)) return false;

        var asked = Term.ContentKeys(question);
        var known = Term.ContentKeys(string.Join('\n', history));
        var said = Term.ContentKeys(rewritten);
        return said.Any(key => !asked.Contains(key)) && asked.All(key => said.Contains(key) || Pointers.Contains(key)) && said.All(key => asked.Contains(key) || known.Contains(key));
    }

    /// <summary>"Does it stop the spindle?" after "What does G4 do?" → "Does it stop the spindle? (G4)".</summary>
    private static string Carry(string subject, string question)
    {
        var asked = Term.Of(question);
        var has = asked.Select(term => term.Key).ToHashSet(StringComparer.Ordinal);
        var namesCode = asked.Any(term => term.Kind == TermKind.Code);

        // "And G3?" asks the same of another code: the earlier code stays behind, the rest of the question comes along.
        var carried = Term.Of(subject)
            .Where(term => term.IsContent && !has.Contains(term.Key) && !(namesCode && term.Kind == TermKind.Code))
            .DistinctBy(term => term.Key)
            .OrderByDescending(term => term.Kind == TermKind.Code || IsName(subject, term))
            .Take(MaxCarried).OrderBy(term => term.Start)
            .Select(term => subject.Substring(term.Start, term.Length)).ToList();
        return carried.Count == 0 ? question : $"{question} ({string.Join(' ', carried)})";
    }

    private static bool IsName(string text, Term term) => term.Length > 1 && char.IsUpper(text[term.Start]) && char.IsUpper(text[term.Start + 1]);

    private static bool PointingThat(string question, Term that)
    {
        if (question.AsSpan(that.Start + that.Length).IndexOfAnyInRange('A', 'z') < 0) return true;
        var before = Words(question[..that.Start]);
        return before.Count > 0 && BeforePointingThat.Contains(before[^1]);
    }

    private static List<string> Words(string text) =>
        [.. text.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => word.Trim(',', '.', '?', '!', ':', ';', '"', '“', '”', '(', ')')).Where(word => word.Length > 0)];

    private static HashSet<string> Set(string words) => words.Split(' ').ToHashSet(StringComparer.Ordinal);
}
