using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Templates;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Decoding.Tools;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Tests.Decoding.Tools;

/// <summary>A family's template of the fixtures over a vocabulary of bytes and its control tokens.</summary>
internal sealed class ToolFamily
{
    private static readonly JsonNode Chats = ReadChats();

    /// <summary>As Mistral Small 3.2 writes calls; the goldens have no template of this form with tools.</summary>
    private const string NamedMistral =
        """
        {{- bos_token }}{%- for m in messages %}
        {%- if m.role == 'user' %}{{- '[AVAILABLE_TOOLS]' + (tools | tojson) + '[/AVAILABLE_TOOLS][INST]' + m.content + '[/INST]' }}
        {%- elif m.role == 'assistant' %}{{- m.content }}{%- for c in m.tool_calls or [] %}{{- '[TOOL_CALLS]' + c.function.name + '[CALL_ID]' + c.id + '[ARGS]' + (c.function.arguments | tojson) }}{%- endfor %}{{- eos_token }}
        {%- elif m.role == 'tool' %}{{- '[TOOL_RESULTS]' + m.tool_call_id + '[TOOL_CONTENT]' + m.content + '[/TOOL_RESULTS]' }}{%- endif %}{%- endfor %}
        """;

    private ToolFamily(string template, string stop, string? begin, string[] controls, string[] plain)
    {
        Template = template;
        var tokens = (string[])[.. controls, .. plain, .. Enumerable.Range(0, 256).Select(value => Letter((byte)value).ToString())];
        var tokenizer = ByteLevelBpeTokenizer.FromParts(new BpeVocabulary
        {
            Tokens = tokens,
            Merges = [],
            PreTokenizer = "gpt-2",
            AddedTokens = [.. controls.Concat(plain).Select((content, id) => new AddedToken(id, content, IsControl: id < controls.Length))],
        });
        Format = new ChatFormat(tokenizer, ChatTemplate.Parse(template), new HashSet<int> { tokenizer.ControlToken(stop)!.Value }, begin, stop);
        Form = ToolForm.Recognise(template)!;
    }

    public static string[] Names => ["qwen25-style", "qwen3-style", "hermes-style", "llama3-style", "mistral-style", "mistral-named"];

    public string Template { get; }

    public ChatFormat Format { get; }

    public ToolForm Form { get; }

    public static string TemplateOf(string name) => name == "mistral-named" ? NamedMistral : Chats["templates"]![name]!.GetValue<string>();

    public static ToolFamily Of(string name) => name switch
    {
        "llama3-style" => new(TemplateOf(name), "<|eot_id|>", "<|begin_of_text|>", ["<|begin_of_text|>", "<|eot_id|>", "<|eom_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|python_tag|>"], []),
        "mistral-style" or "mistral-named" => new(TemplateOf(name), "</s>", "<s>", ["<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "[ARGS]", "[CALL_ID]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]"], []),
        _ => new(TemplateOf(name), "<|im_end|>", "", ["<|im_start|>", "<|im_end|>", "<|endoftext|>"], ["<tool_call>", "</tool_call>"]),
    };

    public AnswerParser Parser(IReadOnlyList<AIFunctionDeclaration> functions, params string[] stops) => new(Format.Tokenizer, Form, [.. functions.Select(function => function.Name)], stops);

    /// <summary>The ids of what a model writes: its control tokens as such.</summary>
    public int[] Written(string text) => [.. Format.Tokenizer.EncodeTrusted(text).Select(token => token.Id)];

    /// <summary>What was shown, one part a line: text as it is, calls as name and arguments.</summary>
    public static string Describe(IEnumerable<AIContent> contents)
    {
        var parts = new List<string>();
        var text = new StringBuilder();
        foreach (var content in contents)
        {
            if (content is TextContent shown)
            {
                text.Append(shown.Text);
                continue;
            }

            Flush();
            var call = Assert.IsType<FunctionCallContent>(content);
            Assert.NotEmpty(call.CallId);
            parts.Add($"{call.Name}({JsonSerializer.Serialize(call.Arguments)})");
        }

        Flush();
        return string.Join('|', parts);

        void Flush()
        {
            if (text.Length > 0) parts.Add(text.ToString());
            text.Clear();
        }
    }

    private static JsonNode ReadChats()
    {
        using var stream = new GZipStream(File.OpenRead(Fixtures.Path("templates", "chat.json.gz")), CompressionMode.Decompress);
        return JsonNode.Parse(stream)!;
    }

    /// <summary>The letter that stands for a byte in a byte-level vocabulary.</summary>
    internal static char Letter(byte value) => Alphabet.Value[value];

    private static readonly Lazy<char[]> Alphabet = new(() =>
    {
        byte[] visible = [.. Enumerable.Range(0, 256).Select(value => (byte)value).Where(value => value is (>= (byte)'!' and <= (byte)'~') or (>= 0xA1 and <= 0xAC) or >= 0xAE)];
        var hidden = 256;
        return [.. Enumerable.Range(0, 256).Select(value => visible.Contains((byte)value) ? (char)value : (char)hidden++)];
    });
}
