namespace DomainTuning.Documents;

/// <summary>
/// A rectangle on a page, in PDF points (1/72 inch) from the page's top-left corner as a reader sees it (rotation applied), y growing downwards.
/// Formats without pages (Markdown, HTML, text) use <see cref="None"/>.
/// </summary>
public readonly record struct Box(double Left, double Top, double Right, double Bottom)
{
    public static Box None => default;

    public double Width => Right - Left;

    public double Height => Bottom - Top;

    public bool IsNone => this == default;

    /// <summary>The smallest box that holds both; <see cref="None"/> holds nothing and changes nothing.</summary>
    public Box Union(Box other) =>
        IsNone ? other
        : other.IsNone ? this
        : new Box(Math.Min(Left, other.Left), Math.Min(Top, other.Top), Math.Max(Right, other.Right), Math.Max(Bottom, other.Bottom));
}
