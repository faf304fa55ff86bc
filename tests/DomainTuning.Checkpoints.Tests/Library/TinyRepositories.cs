using System.Text;
using System.Text.Json.Nodes;

namespace DomainTuning.Checkpoints.Tests.Library;

/// <summary>Repositories as publishers ship them, with a few bytes for weights.</summary>
internal static class TinyRepositories
{
    public const string BertConfig = """{"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 32, "max_position_embeddings": 128, "pad_token_id": 0}""";

    public const string Modules = """
        [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
         {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
         {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]
        """;

    public const string ClsPooling = """{"word_embedding_dimension": 32, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false, "pooling_mode_max_tokens": false}""";

    public static Dictionary<string, byte[]> Encoder => Repository(
        ("config.json", BertConfig),
        ("modules.json", Modules),
        ("1_Pooling/config.json", ClsPooling),
        ("sentence_bert_config.json", """{"max_seq_length": 64, "do_lower_case": true}"""),
        ("tokenizer.json", "{}"),
        ("onnx/model.onnx", new string('w', 2000)));

    public static Dictionary<string, byte[]> Reranker => Repository(
        ("config.json", """{"architectures": ["XLMRobertaForSequenceClassification"], "model_type": "xlm-roberta", "hidden_size": 32, "id2label": {"0": "LABEL_0"}, "max_position_embeddings": 514, "pad_token_id": 1}"""),
        ("tokenizer_config.json", """{"model_max_length": 1000000000000000019884624838656}"""),
        ("tokenizer.json", "{}"),
        ("model.onnx", "w"));

    public const string LlamaConfig = """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
         "intermediate_size": 128, "vocab_size": 320, "max_position_embeddings": 512, "torch_dtype": "bfloat16", "eos_token_id": 2}
        """;

    /// <summary>A chat model in one safetensors file.</summary>
    public static Dictionary<string, byte[]> Chat
    {
        get
        {
            var files = Repository(("config.json", LlamaConfig), ("generation_config.json", """{"eos_token_id": 2}"""), ("README.md", "hello"), ("consolidated.00.pth", "not needed"));
            foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json" }) files[name] = File.ReadAllBytes(Fixtures.Path("models", "tiny-llama", name));
            files["model.safetensors"] = Safetensors(("model.embed_tokens.weight", "BF16", [320, 64]), ("model.norm.weight", "F32", [64]));
            return files;
        }
    }

    /// <summary>The same in two parts.</summary>
    public static Dictionary<string, byte[]> ShardedChat
    {
        get
        {
            var files = Chat.With("model.safetensors", null).With(
                "model.safetensors.index.json",
                """{"metadata": {}, "weight_map": {"model.embed_tokens.weight": "model-00001-of-00002.safetensors", "model.norm.weight": "model-00002-of-00002.safetensors"}}""");
            files["model-00001-of-00002.safetensors"] = Safetensors(("model.embed_tokens.weight", "BF16", [320, 64]));
            files["model-00002-of-00002.safetensors"] = Safetensors(("model.norm.weight", "F32", [64]));
            return files;
        }
    }

    public static byte[] Safetensors(params (string Name, string Type, long[] Shape)[] tensors)
    {
        var at = 0L;
        var header = new JsonObject();
        foreach (var (name, type, shape) in tensors)
        {
            var end = at + shape.Aggregate(type switch { "BF16" => 2L, "I32" or "F32" => 4, _ => throw new NotSupportedException(type) }, (product, size) => product * size);
            header[name] = new JsonObject { ["dtype"] = type, ["shape"] = new JsonArray([.. shape.Select(size => (JsonNode?)size)]), ["data_offsets"] = new JsonArray(at, end) };
            at = end;
        }
        var text = Encoding.UTF8.GetBytes(header.ToJsonString());
        return [.. BitConverter.GetBytes((ulong)text.Length), .. text, .. new byte[at]];
    }

    public static Dictionary<string, byte[]> With(this Dictionary<string, byte[]> files, string path, string? text)
    {
        if (text is null) files.Remove(path);
        else files[path] = Encoding.UTF8.GetBytes(text);
        return files;
    }

    /// <summary>Writes the files below a folder.</summary>
    public static string Write(this Dictionary<string, byte[]> files, string folder)
    {
        foreach (var (path, content) in files)
        {
            var target = Path.Combine([folder, .. path.Split('/')]);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, content);
        }

        return folder;
    }

    private static Dictionary<string, byte[]> Repository(params (string Path, string Text)[] files) => files.ToDictionary(file => file.Path, file => Encoding.UTF8.GetBytes(file.Text));
}
