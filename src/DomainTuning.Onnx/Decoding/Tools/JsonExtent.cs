namespace DomainTuning.Onnx.Decoding.Tools;

/// <summary>Where a JSON object or array that is still being written ends. Brackets and strings are followed, nothing else is checked.</summary>
internal static class JsonExtent
{
    /// <summary>The first position that is no white space.</summary>
    public static int SkipBlanks(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        return at;
    }

    /// <summary>The position behind the value that begins at a bracket; -1 while it is not complete.</summary>
    public static int EndOf(string text, int start)
    {
        var (depth, quoted) = (0, false);
        for (var at = start; at < text.Length; at++)
            switch (text[at])
            {
                case '\\' when quoted:
                    at++;
                    break;
                case '"':
                    quoted = !quoted;
                    break;
                case '{' or '[' when !quoted:
                    depth++;
                    break;
                case '}' or ']' when !quoted:
                    if (--depth == 0) return at + 1;
                    break;
            }
        return -1;
    }
}
