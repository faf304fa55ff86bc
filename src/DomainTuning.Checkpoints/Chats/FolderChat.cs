using DomainTuning.Checkpoints.Library;
using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Checkpoints.Chats;

/// <summary>Chat conventions in the files of a Hugging Face folder. Where several files say the same thing, the order is that of transformers.</summary>
internal static class FolderChat
{
    /// <summary>The files that are read here, apart from the tokenizer's own.</summary>
    public static readonly string[] Files =
        ["tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja", "chat_template.json", "additional_chat_templates/tool_use.jinja", "generation_config.json", "config.json"];

    /// <summary>The tokenizer's files, the better one first.</summary>
    public static readonly string[] TokenizerFiles = ["tokenizer.json", "tokenizer.model"];

    public static ChatConventions Read(string folder)
    {
        var tokenizer = ReadTokenizer(folder);
        var config = Config(folder, "tokenizer_config.json");
        var map = Config(folder, "special_tokens_map.json");
        string? Special(string name) => config?.StringOrField(name, "content") ?? map?.StringOrField(name, "content");

        var eos = Special("eos_token");
        IEnumerable<int?> stops =
        [
            eos is null ? null : tokenizer.ControlToken(eos),
            .. Config(folder, "generation_config.json")?.Integers("eos_token_id") ?? [],
            .. Config(folder, "config.json")?.Integers("eos_token_id") ?? [],
        ];
        return ChatConventions.Of(folder, tokenizer, Templates(folder, config), stops, Special("bos_token"), eos);
    }

    /// <summary>The tokenizer alone, which a base model has too.</summary>
    public static ChatTokenizer ReadTokenizer(string folder)
    {
        if (Array.Find(TokenizerFiles, name => File.Exists(Path.Combine(folder, name))) is not { } name)
            throw new CheckpointException($"'{folder}' holds neither {string.Join(" nor ", TokenizerFiles)}, which the tokenizer is read from. Fetch the missing file, or choose another repository of the model.");
        var path = Path.Combine(folder, name);
        return ReadTokenizer(path, File.ReadAllBytes(path), Config(folder, "tokenizer_config.json"));
    }

    /// <param name="where">Path of the tokenizer's file, for its name and for messages.</param>
    /// <param name="content">Of the file.</param>
    /// <param name="config">tokenizer_config.json, where there is one.</param>
    public static ChatTokenizer ReadTokenizer(string where, byte[] content, ConfigJson? config)
    {
        try
        {
            var further = AddedTokens(config);
            return where.EndsWith(".model", StringComparison.Ordinal)
                ? SentencePieceBpeTokenizer.FromSentencePieceModel(content, config?.Bool("add_bos_token") ?? true, config?.Bool("add_eos_token") ?? false, further)
                : ChatTokenizer.FromTokenizerJson(new MemoryStream(content), further);
        }
        catch (Exception error) when (error is NotSupportedException or InvalidDataException)
        {
            throw new CheckpointException($"'{where}' cannot be used for chat: {error.Message}", error);
        }
    }

    private static List<AddedToken> AddedTokens(ConfigJson? config)
    {
        var tokens = new List<AddedToken>();
        if (config?.Object("added_tokens_decoder") is not { } table) return tokens;
        foreach (var key in table.Keys)
            if (int.TryParse(key, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var id)
                && table.Object(key) is { } entry && entry.String("content") is { Length: > 0 } content)
                tokens.Add(new AddedToken(id, content, entry.Bool("special") ?? false, entry.Bool("lstrip") ?? false, entry.Bool("rstrip") ?? false, entry.Bool("single_word") ?? false));
        return tokens;
    }

    private static Dictionary<string, string> Templates(string folder, ConfigJson? config)
    {
        Dictionary<string, string> templates = new(StringComparer.Ordinal);
        foreach (var source in new[] { config, Config(folder, "chat_template.json") })
            if (templates.Count == 0 && source is not null)
                templates = Templates(source);
        if (Text(folder, "chat_template.jinja") is { } file) templates["default"] = file;
        if (Text(folder, "additional_chat_templates/tool_use.jinja") is { } tools) templates["tool_use"] = tools;
        return templates;
    }

    /// <summary>One text, or a list of {name, template}.</summary>
    private static Dictionary<string, string> Templates(ConfigJson config)
    {
        Dictionary<string, string> templates = new(StringComparer.Ordinal);
        if (config.IsList("chat_template"))
            foreach (var entry in config.List("chat_template"))
                templates[entry.String("name") ?? "default"] = entry.String("template") ?? "";
        else if (config.String("chat_template") is { } text)
            templates["default"] = text;
        return templates;
    }

    private static ConfigJson? Config(string folder, string name) => Text(folder, name) is { } text ? ConfigJson.Parse(text, $"'{Path.Combine(folder, name)}'") : null;

    private static string? Text(string folder, string name)
    {
        var path = Path.Combine([folder, .. name.Split('/')]);
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }
}
