using System.Text.Json;

namespace Data2Vec.Corpus;

/// <summary>Tables of which each line is a JSON object.</summary>
internal static class JsonLines
{
    /// <summary>The rows. Blank lines are left out; a line that is no object is a row with the reason.</summary>
    public static IEnumerable<TableEntry> Read(string path, SourceContext context, TableColumns columns)
    {
        ColumnNames? names = null;
        int number = 0;
        using FileStream stream = context.OpenRead(path);
        foreach (string line in TextFile.ReadLines(stream, path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Parse(TextLines.Place(path, number), line, Find);
            }
        }

        // The first line may lack a column that others have.
        ColumnNames Find(JsonElement first) => names ??= ColumnNames.Find(
            path,
            context.Modality,
            columns,
            [.. first.EnumerateObject().Select(field => field.Name), .. new[] { columns.Id, columns.Text, columns.Path, columns.Reference }.OfType<string>()]);
    }

    private static TableEntry Parse(string place, string line, Func<JsonElement, ColumnNames> find)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(line);
        }
        catch (JsonException)
        {
            return new TableEntry(place) { Problem = "the line is not JSON" };
        }

        using (document)
        {
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return new TableEntry(place) { Problem = "the line is not a JSON object" };
            }

            ColumnNames names = find(root);
            try
            {
                return new TableEntry(place) { Id = Text(names.Id), Text = Text(names.Text), Path = Text(names.Path), Reference = Text(names.Reference) };
            }
            catch (InvalidOperationException)
            {
                return new TableEntry(place) { Problem = "a text in the line is not valid Unicode" };
            }

            string? Text(string? name) => name is null || !root.TryGetProperty(name, out JsonElement value) ? null : value.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.String => value.GetString(),
                _ => value.GetRawText(),
            };
        }
    }
}
