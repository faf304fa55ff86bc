namespace DomainTuning.Retrieval;

/// <summary>
/// The suffix stripper of M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, exactly as printed
/// (the author's later departures — bli, logi, words of two letters — are left out). For English words in lower case; digits count as consonants.
/// </summary>
public static class PorterStemmer
{
    // Longest first: the longest suffix that fits decides, also when its condition then fails.
    private static readonly (string Suffix, string Into)[] Step2 =
    [
        ("ational", "ate"), ("ization", "ize"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("tional", "tion"), ("biliti", "ble"), ("entli", "ent"),
        ("ousli", "ous"), ("ation", "ate"), ("alism", "al"), ("aliti", "al"), ("iviti", "ive"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("abli", "able"),
        ("alli", "al"), ("ator", "ate"), ("eli", "e"),
    ];

    private static readonly (string Suffix, string Into)[] Step3 =
    [
        ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ness", ""), ("ful", ""),
    ];

    /// <summary>"ion" stands for "(s|t)ion".</summary>
    private static readonly string[] Step4 =
        ["ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ion", "ism", "ate", "iti", "ous", "ive", "ize", "al", "er", "ic", "ou"];

    public static string Stem(string word)
    {
        word = Plural(word);
        word = PastOrGerund(word);
        if (word.EndsWith('y') && HasVowel(word.AsSpan(0, word.Length - 1))) word = word[..^1] + "i";
        word = Replace(word, Step2);
        word = Replace(word, Step3);
        word = Drop(word);
        return Tidy(word);
    }

    private static string Plural(string word) =>
        word.EndsWith("sses", StringComparison.Ordinal) || word.EndsWith("ies", StringComparison.Ordinal) ? word[..^2]
        : word.EndsWith('s') && !word.EndsWith("ss", StringComparison.Ordinal) ? word[..^1]
        : word;

    private static string PastOrGerund(string word)
    {
        if (word.EndsWith("eed", StringComparison.Ordinal)) return Measure(word.AsSpan(0, word.Length - 3)) > 0 ? word[..^1] : word;
        var cut = word.EndsWith("ed", StringComparison.Ordinal) ? 2 : word.EndsWith("ing", StringComparison.Ordinal) ? 3 : 0;
        if (cut == 0 || !HasVowel(word.AsSpan(0, word.Length - cut))) return word;
        word = word[..^cut];
        if (word.EndsWith("at", StringComparison.Ordinal) || word.EndsWith("bl", StringComparison.Ordinal) || word.EndsWith("iz", StringComparison.Ordinal)) return word + "e";
        if (EndsInDouble(word) && word[^1] is not ('l' or 's' or 'z')) return word[..^1];
        return Measure(word) == 1 && EndsInCvc(word) ? word + "e" : word;
    }

    /// <summary>The suffix is replaced where the measure of what stands before is above 0.</summary>
    private static string Replace(string word, (string Suffix, string Into)[] rules)
    {
        var (suffix, into) = Array.Find(rules, rule => word.EndsWith(rule.Suffix, StringComparison.Ordinal));
        if (suffix is null) return word;
        var stem = word.AsSpan(0, word.Length - suffix.Length);
        return Measure(stem) > 0 ? string.Concat(stem, into) : word;
    }

    private static string Drop(string word)
    {
        var suffix = Array.Find(Step4, suffix => word.EndsWith(suffix, StringComparison.Ordinal));
        if (suffix is null) return word;
        var stem = word.AsSpan(0, word.Length - suffix.Length);
        return Measure(stem) > 1 && (suffix != "ion" || stem[^1] is 's' or 't') ? stem.ToString() : word;
    }

    private static string Tidy(string word)
    {
        if (word.EndsWith('e'))
        {
            var stem = word.AsSpan(0, word.Length - 1);
            var measure = Measure(stem);
            if (measure > 1 || (measure == 1 && !EndsInCvc(stem))) word = word[..^1];
        }

        return word.EndsWith("ll", StringComparison.Ordinal) && Measure(word) > 1 ? word[..^1] : word;
    }

    private static bool IsConsonant(ReadOnlySpan<char> word, int at) => word[at] switch
    {
        'a' or 'e' or 'i' or 'o' or 'u' => false,
        'y' => at == 0 || !IsConsonant(word, at - 1),
        _ => true,
    };

    /// <summary>m in [C](VC)^m[V].</summary>
    private static int Measure(ReadOnlySpan<char> word)
    {
        var measure = 0;
        var afterVowel = false;
        for (var i = 0; i < word.Length; i++)
        {
            var consonant = IsConsonant(word, i);
            if (consonant && afterVowel) measure++;
            afterVowel = !consonant;
        }

        return measure;
    }

    private static bool HasVowel(ReadOnlySpan<char> word)
    {
        for (var i = 0; i < word.Length; i++)
            if (!IsConsonant(word, i)) return true;
        return false;
    }

    private static bool EndsInDouble(ReadOnlySpan<char> word) => word.Length > 1 && word[^1] == word[^2] && IsConsonant(word, word.Length - 1);

    private static bool EndsInCvc(ReadOnlySpan<char> word) =>
        word.Length > 2 && IsConsonant(word, word.Length - 1) && !IsConsonant(word, word.Length - 2) && IsConsonant(word, word.Length - 3) && word[^1] is not ('w' or 'x' or 'y');
}
