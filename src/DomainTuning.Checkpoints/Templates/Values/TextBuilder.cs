using System.Text;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>Puts text together piece by piece and keeps the provenance of each; pays for every character before it allocates.</summary>
internal sealed class TextBuilder(Budget budget)
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _marks = [];

    public Budget Budget => budget;

    public int Length => _text.Length;

    public TextBuilder Append(TextValue text) => Append(text, 0, text.Text.Length);

    /// <summary>Appends a part of a text, in UTF-16 units.</summary>
    public TextBuilder Append(TextValue text, int start, int length)
    {
        if (length == 0) return this;
        budget.Characters(length);
        for (var i = 0; i < text.Marks.Length; i += 2)
        {
            var (from, to) = (Math.Max(text.Marks[i], start), Math.Min(text.Marks[i + 1], start + length));
            if (from < to) Mark(_text.Length + from - start, _text.Length + to - start);
        }
        _text.Append(text.Text, start, length);
        return this;
    }

    public TextBuilder Append(string text, bool trusted)
    {
        budget.Characters(text.Length);
        if (trusted && text.Length > 0) Mark(_text.Length, _text.Length + text.Length);
        _text.Append(text);
        return this;
    }

    /// <summary>Appends an untrusted character some times.</summary>
    public TextBuilder Append(char character, int count = 1)
    {
        if (count <= 0) return this;
        budget.Characters(count);
        _text.Append(character, count);
        return this;
    }

    public TextValue ToText() => new(_text.ToString(), [.. _marks]);

    private void Mark(int start, int end)
    {
        if (_marks.Count > 0 && _marks[^1] == start) _marks[^1] = end;
        else _marks.AddRange([start, end]);
    }
}
