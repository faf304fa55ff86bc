using System.Globalization;
using System.Text;

namespace DomainTuning.Bench;

/// <summary>A result as it is kept: what was measured, on which machine, by which command, and the table.</summary>
internal sealed class Report(string name, string title, string command, params string[] columns)
{
    private readonly List<string[]> rows = [];
    private readonly List<string> notes = [];

    public void Row(params object[] cells) =>
        rows.Add([.. cells.Select(cell => cell is double number ? number.ToString(number < 10 ? "0.00" : number < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) : cell.ToString()!)]);

    public void Note(string note) => notes.Add(note);

    /// <summary>Prints the report and, when asked, keeps it under bench/results/&lt;machine&gt;.</summary>
    public void Finish(bool write)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"# {title}").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Machine.Description}; {TimeProvider.System.GetUtcNow():yyyy-MM-dd}. Command: `dotnet run -c Release --project bench -- {command}`").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", columns)} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"|{string.Concat(Enumerable.Repeat("---|", columns.Length))}");
        foreach (var row in rows) text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |");
        foreach (var note in notes) text.AppendLine().AppendLine(note);
        Console.Write(text);
        if (!write) return;
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "bench", "results", Machine.Name));
        File.WriteAllText(Path.Combine(folder.FullName, name + ".md"), text.ToString().ReplaceLineEndings("\n"));
    }
}
