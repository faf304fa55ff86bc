using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>How answers spell given values: compact, and every character as itself unless JSON demands an escape (see <see cref="PatternMachine"/>).</summary>
internal static class JsonLiteral
{
    public static string Write(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => $"\"{Content(value.GetString()!)}\"",
        JsonValueKind.Number => value.TryGetDecimal(out var number) ? number.ToString("0.############################", CultureInfo.InvariantCulture) : value.GetRawText(),
        JsonValueKind.Array => $"[{string.Join(',', value.EnumerateArray().Select(Write))}]",
        JsonValueKind.Object => $"{{{string.Join(',', value.EnumerateObject().Select(property => $"\"{Content(property.Name)}\":{Write(property.Value)}"))}}}",
        _ => value.GetRawText(),
    };

    /// <summary>A text as it stands between the quotes.</summary>
    public static string Content(string text)
    {
        var content = new StringBuilder(text.Length);
        foreach (var letter in text)
            content.Append(letter switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' => $"\\u{(int)letter:x4}",
                _ => letter.ToString(),
            });
        return content.ToString();
    }
}
