namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>
/// Porter's stemmer with the later departures that ROUGE's scoring package uses (the default mode of NLTK's PorterStemmer): irregular forms, words of two
/// letters untouched, ies/ied, fulli, logi, bli. Search uses Porter as printed; only scores that must equal published ones use this.
/// </summary>
internal static class ExtendedPorterStemmer
{
    private static readonly Dictionary<string, string> Irregular = new(StringComparer.Ordinal)
    {
        ["skies"] = "sky", ["sky"] = "sky", ["dying"] = "die", ["lying"] = "lie", ["tying"] = "tie", ["news"] = "news", ["innings"] = "inning", ["inning"] = "inning",
        ["outings"] = "outing", ["outing"] = "outing", ["cannings"] = "canning", ["canning"] = "canning", ["howe"] = "howe", ["proceed"] = "proceed", ["exceed"] = "exceed", ["succeed"] = "succeed",
    };

    private static readonly (string Suffix, string Into)[] Step2 =
    [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"), ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"),
        ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"), ("iviti", "ive"),
        ("biliti", "ble"), ("fulli", "ful"),
    ];

    private static readonly (string Suffix, string Into)[] Step3 =
        [("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", "")];

    private static readonly string[] Step4 =
        ["al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize"];

    /// <param name="word">In lower case.</param>
    public static string Stem(string word)
    {
        if (Irregular.TryGetValue(word, out var stem)) return stem;
        if (word.Length <= 2) return word;
        word = Plural(word);
        word = PastOrGerund(word);
        if (word.Length > 2 && word[^1] == 'y' && IsConsonant(word, word.Length - 2)) word = word[..^1] + "i";
        word = DoubleSuffix(word);
        word = Replace(word, Step3) ?? word;
        word = Drop(word);
        return Tidy(word);
    }

    private static string Plural(string word) =>
        Ends(word, "ies") ? word.Length == 4 ? word[..^1] : word[..^2]
        : Ends(word, "sses") ? word[..^2]
        : Ends(word, "s") && !Ends(word, "ss") ? word[..^1]
        : word;

    private static string PastOrGerund(string word)
    {
        if (Ends(word, "ied")) return word.Length == 4 ? word[..^1] : word[..^2];
        if (Ends(word, "eed")) return Measure(word[..^3]) > 0 ? word[..^1] : word;
        var cut = Ends(word, "ed") ? 2 : Ends(word, "ing") ? 3 : 0;
        if (cut == 0 || !HasVowel(word[..^cut])) return word;
        word = word[..^cut];
        if (Ends(word, "at") || Ends(word, "bl") || Ends(word, "iz")) return word + "e";
        if (word.Length >= 2 && word[^1] == word[^2] && IsConsonant(word, word.Length - 1)) return word[^1] is 'l' or 's' or 'z' ? word : word[..^1];
        return Measure(word) == 1 && EndsInCvc(word) ? word + "e" : word;
    }

    private static string DoubleSuffix(string word)
    {
        // "alli" goes first and the result is looked at again, so that "rationalli" comes down to "ration".
        if (Ends(word, "alli") && Measure(word[..^4]) > 0) return DoubleSuffix(word[..^2]);
        if (Replace(word, Step2) is { } replaced) return replaced;
        // The l of logi belongs to the stem, so that "geologi" has something before it.
        return Ends(word, "logi") && Measure(word[..^3]) > 0 ? word[..^1] : word;
    }

    /// <summary>Null when no suffix fits; the first that fits decides, also when its condition then fails.</summary>
    private static string? Replace(string word, (string Suffix, string Into)[] rules)
    {
        var (suffix, into) = Array.Find(rules, rule => Ends(word, rule.Suffix));
        if (suffix is null) return null;
        var stem = word[..^suffix.Length];
        return Measure(stem) > 0 ? stem + into : word;
    }

    private static string Drop(string word)
    {
        var suffix = Array.Find(Step4, suffix => Ends(word, suffix) && (suffix != "ion" || word.Length > 3));
        if (suffix is null) return word;
        var stem = word[..^suffix.Length];
        return Measure(stem) > 1 && (suffix != "ion" || stem[^1] is 's' or 't') ? stem : word;
    }

    private static string Tidy(string word)
    {
        if (Ends(word, "e"))
        {
            var stem = word[..^1];
            if (Measure(stem) > 1 || (Measure(stem) == 1 && !EndsInCvc(stem))) word = stem;
        }

        return Ends(word, "ll") && Measure(word[..^1]) > 1 ? word[..^1] : word;
    }

    private static bool Ends(string word, string suffix) => word.EndsWith(suffix, StringComparison.Ordinal);

    private static bool IsConsonant(string word, int at) => word[at] switch
    {
        'a' or 'e' or 'i' or 'o' or 'u' => false,
        'y' => at == 0 || !IsConsonant(word, at - 1),
        _ => true,
    };

    private static int Measure(string word)
    {
        var (measure, afterVowel) = (0, false);
        for (var i = 0; i < word.Length; i++)
        {
            var consonant = IsConsonant(word, i);
            if (consonant && afterVowel) measure++;
            afterVowel = !consonant;
        }

        return measure;
    }

    private static bool HasVowel(string word) => Enumerable.Range(0, word.Length).Any(i => !IsConsonant(word, i));

    private static bool EndsInCvc(string word) => word.Length == 2
        ? !IsConsonant(word, 0) && IsConsonant(word, 1)
        : word.Length > 2 && IsConsonant(word, word.Length - 3) && !IsConsonant(word, word.Length - 2) && IsConsonant(word, word.Length - 1) && word[^1] is not ('w' or 'x' or 'y');
}
