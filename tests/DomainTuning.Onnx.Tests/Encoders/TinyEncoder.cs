using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Encoders;

/// <summary>
/// A folder as a Hugging Face repository ships it, made from a golden's safetensors and config.json: the ONNX graph of a float32 BERT or XLM-RoBERTa
/// encoder, written here, and a tokenizer whose word "w29" is the id 29.
/// </summary>
internal static class TinyEncoder
{
    public static void Write(string golden, string folder, string? pooling)
    {
        var source = Fixtures.Path("embeddings", golden);
        File.Copy(Path.Combine(source, "config.json"), Path.Combine(folder, "config.json"));
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(source, "config.json")));
        var isBert = config.RootElement.GetProperty("model_type").GetString() == "bert";
        Directory.CreateDirectory(Path.Combine(folder, "onnx"));
        File.WriteAllBytes(Path.Combine(folder, "onnx", "model.onnx"), Graph(new Weights(Path.Combine(source, "model.safetensors")), config.RootElement, isBert));
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), isBert ? BertTokenizer() : XlmrTokenizer());
        if (pooling is null) return;

        Directory.CreateDirectory(Path.Combine(folder, "1_Pooling"));
        File.WriteAllText(
            Path.Combine(folder, "modules.json"),
            """
            [{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
             {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
             {"idx":2,"name":"2","path":"2_Normalize","type":"sentence_transformers.models.Normalize"}]
            """);
        File.WriteAllText(
            Path.Combine(folder, "1_Pooling", "config.json"),
            $$"""{"word_embedding_dimension":32,"pooling_mode_cls_token":{{(pooling == "cls" ? "true" : "false")}},"pooling_mode_mean_tokens":{{(pooling == "mean" ? "true" : "false")}} }""");
        File.WriteAllText(Path.Combine(folder, "sentence_bert_config.json"), """{"max_seq_length":64,"do_lower_case":false}""");
        File.WriteAllText(Path.Combine(folder, "config_sentence_transformers.json"), """{"prompts":{"query":"w5 ","document":"","passage":"w7 "}}""");
    }

    /// <summary>Words for ids, as the tokenizer reads them.</summary>
    public static string Words(IEnumerable<int> ids) => string.Join(' ', ids.Select(Word));

    private static string Word(int id) => string.Create(CultureInfo.InvariantCulture, $"w{id}");

    private static string BertTokenizer()
    {
        var special = new Dictionary<int, string> { [0] = "[PAD]", [100] = "[UNK]", [101] = "[CLS]", [102] = "[SEP]", [103] = "[MASK]" };
        var vocabulary = string.Join(',', Enumerable.Range(0, 120).Select(id => string.Create(CultureInfo.InvariantCulture, $"\"{special.GetValueOrDefault(id, Word(id))}\":{id}")));
        var added = string.Join(',', special.Select(entry => string.Create(CultureInfo.InvariantCulture, $$"""{"id":{{entry.Key}},"content":"{{entry.Value}}","special":true}""")));
        return $$"""
            {"version":"1.0","truncation":null,"padding":null,"added_tokens":[{{added}}],
             "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
             "pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"BertProcessing","sep":["[SEP]",102],"cls":["[CLS]",101]},
             "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
             "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{ {{vocabulary}} } } }
            """;
    }

    private static string XlmrTokenizer()
    {
        string[] special = ["<s>", "<pad>", "</s>", "<unk>"];
        var vocabulary = string.Join(',', Enumerable.Range(0, 120).Select(id => $"[\"{(id < 4 ? special[id] : "▁" + Word(id))}\",-1.0]"));
        var added = string.Join(',', special.Select((text, id) => string.Create(CultureInfo.InvariantCulture, $$"""{"id":{{id}},"content":"{{text}}","special":true}""")));
        return $$"""
            {"version":"1.0","truncation":null,"padding":null,"added_tokens":[{{added}}],"normalizer":null,
             "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}]},
             "post_processor":{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0],"trim_offsets":true,"add_prefix_space":true},
             "decoder":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
             "model":{"type":"Unigram","unk_id":3,"vocab":[{{vocabulary}}],"byte_fallback":false} }
            """;
    }

    private static byte[] Graph(Weights weights, JsonElement config, bool isBert)
    {
        var (hidden, heads, epsilon) = (config.GetProperty("hidden_size").GetInt32(), config.GetProperty("num_attention_heads").GetInt32(), config.GetProperty("layer_norm_eps").GetSingle());
        var padId = config.GetProperty("pad_token_id").GetInt64();
        var graph = new OnnxGraph();
        graph.Input("input_ids", OnnxType.Int64, "batch", "length");
        graph.Input("attention_mask", OnnxType.Int64, "batch", "length");
        if (isBert) graph.Input("token_type_ids", OnnxType.Int64, "batch", "length");

        // BERT counts positions from 0, XLM-RoBERTa's real tokens from pad_token_id + 1 and its padding stays at pad_token_id.
        var count = graph.Node("CumSum", ["attention_mask", graph.Scalar("one", 1L)], "count");
        var position = isBert
            ? graph.Node("Sub", [count, "one"], "position")
            : graph.Node("Add", [graph.Node("Mul", [count, "attention_mask"], "real"), graph.Scalar("pad", padId)], "position");
        var types = isBert ? "token_type_ids" : graph.Node("Mul", ["input_ids", graph.Scalar("zero", 0L)], "types");
        var sum = graph.Node("Add", [Lookup("word", "input_ids"), Lookup("position", position)], "sum0");
        sum = graph.Node("Add", [sum, Lookup("token_type", types)], "sum1");
        var state = Norm("embeddings.LayerNorm", sum);
        var mask = graph.Node("Cast", ["attention_mask"], "mask", "", ("to", 6));
        for (var layer = 0; layer < config.GetProperty("num_hidden_layers").GetInt32(); layer++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"encoder.layer.{layer}.");
            string[] qkv = [.. new[] { "query", "key", "value" }.Select(part => Linear($"{name}attention.self.{part}", state)), "", mask];
            var attention = graph.Node("MultiHeadAttention", qkv, name + "mha", OnnxGraph.Microsoft, ("num_heads", heads));
            state = Norm(name + "attention.output.LayerNorm", graph.Node("Add", [Linear(name + "attention.output.dense", attention), state], name + "skip1"));
            var inner = graph.Node("Gelu", [Linear(name + "intermediate.dense", state)], name + "gelu", OnnxGraph.Microsoft);
            state = Norm(name + "output.LayerNorm", graph.Node("Add", [Linear(name + "output.dense", inner), state], name + "skip2"));
        }

        var (dense, head) = isBert ? ("pooler.dense", "classifier") : ("classifier.dense", "classifier.out_proj");
        if (weights.Has(dense))
        {
            graph.Output("logits", OnnxType.Float, "batch", 1);
            var first = graph.Node("Gather", [state, graph.Scalar("first", 0L)], "cls", "", ("axis", 1));
            graph.Node("Identity", [Linear(head, graph.Node("Tanh", [Linear(dense, first)], "tanh"))], "logits");
        }
        else
        {
            graph.Output("last_hidden_state", OnnxType.Float, "batch", "length", hidden);
            graph.Node("Identity", [state], "last_hidden_state");
        }

        return graph.ToArray();

        string Lookup(string kind, string ids) => graph.Node("Gather", [Matrix($"embeddings.{kind}_embeddings.weight"), ids], kind + "_rows");
        string Norm(string name, string x) => graph.Node("LayerNormalization", [x, Vector(name + ".weight"), Vector(name + ".bias")], name + "_y", "", ("axis", -1), ("epsilon", epsilon));
        string Linear(string name, string x) => graph.Node(
            "Add", [graph.Node("MatMul", [x, graph.Node("Transpose", [Matrix(name + ".weight")], name + "_t")], name + "_m"), Vector(name + ".bias")], name + "_y");
        string Matrix(string name) => weights.Read(name) is var (shape, values) ? graph.Constant(name, shape, values) : "";
        string Vector(string name) => Matrix(name);
    }

    /// <summary>A safetensors file of float32: header length, JSON header, data.</summary>
    private sealed class Weights
    {
        private readonly byte[] file;
        private readonly int dataStart;
        private readonly Dictionary<string, JsonElement> header;

        public Weights(string path)
        {
            file = File.ReadAllBytes(path);
            dataStart = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
            using var document = JsonDocument.Parse(file.AsMemory(8, dataStart - 8));
            header = document.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__")
                .ToDictionary(entry => WithoutFamily(entry.Name), entry => entry.Value.Clone());
        }

        public bool Has(string name) => header.ContainsKey(name + ".weight");

        public (long[] Shape, float[] Values) Read(string name)
        {
            var entry = header[name];
            var offsets = entry.GetProperty("data_offsets");
            var bytes = file.AsSpan(dataStart + offsets[0].GetInt32(), offsets[1].GetInt32() - offsets[0].GetInt32());
            return ([.. entry.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())], MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        }

        private static string WithoutFamily(string name) =>
            name.StartsWith("bert.", StringComparison.Ordinal) ? name[5..] : name.StartsWith("roberta.", StringComparison.Ordinal) ? name[8..] : name;
    }
}
