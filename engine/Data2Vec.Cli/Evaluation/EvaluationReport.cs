using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Data2Vec.Cli;

/// <summary>A number that was measured.</summary>
/// <param name="Name">What it is, with its unit.</param>
/// <param name="Value">The number. NaN if it is not defined.</param>
/// <param name="Format">How it is printed.</param>
/// <param name="Published">The number that the recipe's paper reports; null for none.</param>
internal sealed record Figure(string Name, double Value, string Format = "0.00", double? Published = null)
{
    public string Text => double.IsFinite(Value) ? Value.ToString(Format, CultureInfo.InvariantCulture) : "-";

    public string PublishedText => Published?.ToString("0.0#", CultureInfo.InvariantCulture) ?? "";
}

/// <summary>A table of a report.</summary>
internal sealed record ReportTable(string Title, IReadOnlyList<string> Header, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>A picture of a report.</summary>
internal sealed record ReportPicture(string Title, string Name, byte[] Bytes);

/// <summary>What an evaluation found: printed, and written as Markdown and JSON.</summary>
internal sealed class EvaluationReport(string title)
{
    private const string MarkdownName = "report.md", JsonName = "report.json";

    /// <summary>What was evaluated, and how.</summary>
    public List<(string Name, string Value)> Facts { get; } = [];

    public List<Figure> Figures { get; } = [];

    public List<ReportTable> Tables { get; } = [];

    public List<ReportPicture> Pictures { get; } = [];

    /// <summary>Where the published numbers are from; null for none.</summary>
    public string? Source { get; set; }

    /// <summary>Prints lines of names and values between tabs. Numbers that were published stand beside ours.</summary>
    public void Print(TextWriter output)
    {
        foreach ((string name, string value) in Facts)
        {
            output.WriteLine($"{name}\t{TerminalText.OneLine(value)}");
        }

        foreach (Figure figure in Figures)
        {
            output.WriteLine(figure.Published is null ? $"{figure.Name}\t{figure.Text}" : $"{figure.Name}\t{figure.Text}\tpublished\t{figure.PublishedText}");
        }

        foreach (ReportTable table in Tables)
        {
            output.WriteLine();
            output.WriteLine(string.Join('\t', table.Header));
            foreach (IReadOnlyList<string> row in table.Rows)
            {
                output.WriteLine(string.Join('\t', row.Select(TerminalText.OneLine)));
            }
        }
    }

    public JsonObject ToJson()
    {
        var figures = new JsonObject();
        foreach (Figure figure in Figures)
        {
            figures[figure.Name] = new JsonObject { ["value"] = double.IsFinite(figure.Value) ? figure.Value : null, ["published"] = figure.Published };
        }

        var facts = new JsonObject();
        foreach ((string name, string value) in Facts)
        {
            facts[name] = value;
        }

        return new JsonObject
        {
            ["title"] = title,
            ["facts"] = facts,
            ["figures"] = figures,
            ["source"] = Source,
            ["tables"] = new JsonArray([.. Tables.Select(table => new JsonObject
            {
                ["title"] = table.Title,
                ["header"] = new JsonArray([.. table.Header.Select(name => (JsonNode?)name)]),
                ["rows"] = new JsonArray([.. table.Rows.Select(row => new JsonArray([.. row.Select(cell => (JsonNode?)cell)]))]),
            })]),
        };
    }

    public string ToMarkdown()
    {
        var text = new StringBuilder($"# {title}\n\n");
        Append(text, ["", ""], [.. Facts.Select(fact => (string[])[fact.Name, fact.Value])]);
        bool hasPublished = Figures.Any(figure => figure.Published is not null);
        Append(
            text,
            hasPublished ? ["", "measured", "published"] : ["", "measured"],
            [.. Figures.Select(figure => hasPublished ? (string[])[figure.Name, figure.Text, figure.PublishedText] : [figure.Name, figure.Text])]);
        if (hasPublished && Source is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"Published: {Source}\n\n");
        }

        foreach (ReportTable table in Tables)
        {
            text.Append(CultureInfo.InvariantCulture, $"## {table.Title}\n\n");
            Append(text, table.Header, table.Rows);
        }

        foreach (ReportPicture picture in Pictures)
        {
            text.Append(CultureInfo.InvariantCulture, $"## {picture.Title}\n\n![{picture.Title}]({picture.Name})\n\n");
        }

        return text.ToString();
    }

    /// <summary>Writes the report into a folder.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        WriteFile(MarkdownName, Encoding.UTF8.GetBytes(ToMarkdown()));
        WriteFile(JsonName, Encoding.UTF8.GetBytes(ToJson().ToJsonString(new JsonSerializerOptions(TerminalText.Json) { WriteIndented = true }) + "\n"));
        foreach (ReportPicture picture in Pictures)
        {
            WriteFile(picture.Name, picture.Bytes);
        }

        void WriteFile(string name, byte[] bytes) => Files.WriteWhole(Path.Combine(folder, name), stream => stream.Write(bytes));
    }

    private static void Append(StringBuilder text, IReadOnlyList<string> header, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        Line(header);
        text.Append("| ").AppendJoin(" | ", header.Select(_ => "---")).Append(" |\n");
        foreach (IReadOnlyList<string> row in rows)
        {
            Line(row);
        }

        text.Append('\n');

        void Line(IReadOnlyList<string> cells) => text.Append("| ").AppendJoin(" | ", cells.Select(Cell)).Append(" |\n");
    }

    /// <summary>Text of data in a cell: nothing in it is markup.</summary>
    private static string Cell(string value)
    {
        var cell = new StringBuilder();
        foreach (char letter in TerminalText.OneLine(value))
        {
            if (letter is '|' or '\\' or '`' or '*' or '_' or '[' or ']' or '<' or '>' or '#')
            {
                cell.Append('\\');
            }

            cell.Append(letter);
        }

        return cell.ToString();
    }
}
