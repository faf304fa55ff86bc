namespace DomainTuning.Checkpoints.Library;

/// <summary>
/// Prefixes that publishers document in words only. Without them these models retrieve badly, and nothing in their files says so.
/// Sources: the model cards on huggingface.co, checked against mteb's and fastembed's tables. Used only where the files are silent; options win.
/// </summary>
internal static class PublishedPrefixes
{
    private const string EnglishRetrieval = "Represent this sentence for searching relevant passages: ";

    private static readonly (string NameStart, string Query, string Passage)[] Families =
    [
        ("bge-small-en", EnglishRetrieval, ""),
        ("bge-base-en", EnglishRetrieval, ""),
        ("bge-large-en", EnglishRetrieval, ""),
        ("bge-small-zh", "为这个句子生成表示以用于检索相关文章：", ""),
        ("bge-base-zh", "为这个句子生成表示以用于检索相关文章：", ""),
        ("bge-large-zh", "为这个句子生成表示以用于检索相关文章：", ""),
        ("mxbai-embed-large", EnglishRetrieval, ""),
        ("snowflake-arctic-embed-m-v2", "query: ", ""),
        ("snowflake-arctic-embed-l-v2", "query: ", ""),
        ("snowflake-arctic-embed", EnglishRetrieval, ""),
        ("e5-", "query: ", "passage: "),
        ("multilingual-e5-", "query: ", "passage: "),
    ];

    /// <param name="name">The publisher's name, such as "intfloat/multilingual-e5-small"; only the last part counts.</param>
    public static (string Query, string Passage) For(string name)
    {
        var last = name.Split('/')[^1];
        if (last.Contains("instruct", StringComparison.OrdinalIgnoreCase)) return ("", "");
        foreach (var (start, query, passage) in Families)
            if (last.StartsWith(start, StringComparison.OrdinalIgnoreCase))
                return (query, passage);
        return ("", "");
    }
}
