namespace Data2Vec.Corpus;

/// <summary>The columns of a table that are used, by name; null for those that it does not have.</summary>
internal sealed record ColumnNames(string? Id, string? Text, string? Path, string? Reference)
{
    /// <summary>Finds the columns of a table.</summary>
    /// <param name="path">The table, for messages.</param>
    /// <param name="modality">What the model takes.</param>
    /// <param name="given">The names that were given.</param>
    /// <param name="columns">The names that the table has.</param>
    /// <exception cref="InvalidDataException">A column is missing.</exception>
    public static ColumnNames Find(string path, Modality modality, TableColumns given, IReadOnlyList<string> columns)
    {
        bool isText = modality == Modality.Text;
        var found = new ColumnNames(
            Column(given.Id, "id", "key", "uid"),
            isText ? Column(given.Text, "text", "sentence", "content", "title") : modality == Modality.Vision ? Column(given.Text, "text") : null,
            isText ? null : Column(given.Path, "path", "file", "file_name", "filename", "audio", "image", "img"),
            Column(given.Reference, "reference", "label", "class", "transcript"));
        return (isText ? found.Text : found.Path) is not null ? found
            : throw Missing(isText ? "no column with texts" : "no column with paths", isText ? "text" : "path");

        string? Column(string? name, params ReadOnlySpan<string> usual)
        {
            if (name is not null)
            {
                return columns.FirstOrDefault(column => column == name) ?? columns.FirstOrDefault(column => column.Equals(name, StringComparison.OrdinalIgnoreCase))
                    ?? throw Missing($"no column '{name}'", null);
            }

            foreach (string one in usual)
            {
                if (columns.FirstOrDefault(column => column.Equals(one, StringComparison.OrdinalIgnoreCase)) is { } column)
                {
                    return column;
                }
            }

            return null;
        }

        InvalidDataException Missing(string problem, string? usual) => new(
            $"{path}: {problem}; the columns are {string.Join(", ", columns.Take(20))}{(usual is null ? "" : $"; name one, or call it {usual}")}");
    }
}
