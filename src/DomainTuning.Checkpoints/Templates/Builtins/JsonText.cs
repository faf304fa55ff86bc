using System.Globalization;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>The filter tojson, as Hugging Face defines it: Python's json.dumps, without escaping for HTML and by default without escaping beyond ASCII.</summary>
internal sealed class JsonText
{
    private readonly TextBuilder _text;
    private readonly Evaluation _evaluation;
    private readonly bool _asciiOnly;
    private readonly bool _sortsKeys;
    private readonly string? _indent;
    private readonly string _itemSeparator;
    private readonly string _keySeparator;

    private JsonText(Evaluation evaluation, Arguments arguments)
    {
        _evaluation = evaluation;
        _text = new TextBuilder(evaluation.Budget);
        var given = arguments.Bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
        _asciiOnly = given[0]?.IsTrue ?? false;
        _indent = given[1] switch
        {
            null or NoneValue => null,
            IntegerValue width => new string(' ', Math.Clamp(width.Clamped, 0, 100)),
            TextValue text => text.Text,
            var other => throw TemplateFault.Type($"indent must be an integer or str, not {other.TypeName}"),
        };
        (_itemSeparator, _keySeparator) = (_indent is null ? ", " : ",", ": ");
        if (given[2] is ListValue { Elements: [TextValue items, TextValue keys] }) (_itemSeparator, _keySeparator) = (items.Text, keys.Text);
        _sortsKeys = given[3]?.IsTrue ?? false;
    }

    public static TextValue Write(Value value, Evaluation evaluation, Arguments arguments)
    {
        var json = new JsonText(evaluation, arguments);
        json.Write(value, 0);
        return json._text.ToText();
    }

    private void Write(Value value, int level)
    {
        switch (value)
        {
            case TextValue text:
                WriteText(text);
                break;
            case NoneValue:
                Raw("null");
                break;
            case BooleanValue truth:
                Raw(truth.IsTrue ? "true" : "false");
                break;
            case FloatValue number:
                Raw(Number(number));
                break;
            case IntegerValue integer:
                Raw(integer.Number.ToString(CultureInfo.InvariantCulture));
                break;
            case ListValue { IsSequence: true } list:
                WriteAll('[', ']', level, list.Elements, item => Write(item, level + 1));
                break;
            case MapValue map:
                IEnumerable<KeyValuePair<Value, Value>> entries = map.Entries;
                if (_sortsKeys) entries = entries.OrderBy(entry => entry.Key, Comparer<Value>.Create((a, b) => _evaluation.Equality.Compare(a, b)));
                WriteAll('{', '}', level, [.. entries], entry =>
                {
                    WriteKey(entry.Key);
                    Raw(_keySeparator);
                    Write(entry.Value, level + 1);
                });
                break;
            default:
                throw TemplateFault.Type($"Object of type {value.TypeName} is not JSON serializable");
        }
    }

    private void WriteAll<T>(char open, char close, int level, IReadOnlyList<T> items, Action<T> write)
    {
        _evaluation.Budget.Enter();
        _text.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            _evaluation.Budget.Steps();
            if (i > 0) Raw(_itemSeparator);
            NewLine(level + 1);
            write(items[i]);
        }
        if (items.Count > 0) NewLine(level);
        _text.Append(close);
        _evaluation.Budget.Leave();
    }

    private void NewLine(int level)
    {
        if (_indent is null) return;
        _text.Append('\n');
        for (; level > 0; level--) Raw(_indent);
    }

    private void WriteKey(Value key)
    {
        switch (key)
        {
            case TextValue text:
                WriteText(text);
                break;
            case NoneValue or NumberValue:
                _text.Append('"');
                Write(key, 0);
                _text.Append('"');
                break;
            default:
                throw TemplateFault.Type($"keys must be str, int, float, bool or None, not {key.TypeName}");
        }
    }

    private void WriteText(TextValue text)
    {
        _text.Append('"');
        var done = 0;
        for (var i = 0; i < text.Text.Length; i++)
        {
            if (Escape(text.Text[i]) is not { } escape) continue;
            _text.Append(text, done, i - done);
            Raw(escape);
            done = i + 1;
        }
        _text.Append(text, done, text.Text.Length - done).Append('"');
    }

    private string? Escape(char character) => character switch
    {
        '"' => "\\\"",
        '\\' => @"\\",
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        '\b' => @"\b",
        '\f' => @"\f",
        < ' ' => $@"\u{(int)character:x4}",
        > '~' when _asciiOnly => $@"\u{(int)character:x4}",
        _ => null,
    };

    private static string Number(FloatValue number) => double.IsNaN(number.Number) ? "NaN" : double.IsInfinity(number.Number) ? (number.Number > 0 ? "Infinity" : "-Infinity") : FloatValue.Format(number.Number);

    private void Raw(string text) => _text.Append(text, trusted: false);
}
