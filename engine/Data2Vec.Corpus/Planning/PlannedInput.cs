namespace Data2Vec.Corpus;

/// <summary>A row of a corpus before it is read.</summary>
/// <param name="Id">The id of the row, which no other row has.</param>
internal sealed record PlannedInput(string Id)
{
    /// <summary>Where the row comes from: a path, or a place in a file.</summary>
    public required string Source { get; init; }

    /// <summary>The file to read, as it was given; null for a text.</summary>
    public string? Path { get; init; }

    /// <summary>The text; of an image with a path, the text in it.</summary>
    public string? Text { get; init; }

    /// <summary>What the data say about the input: its class, or its transcript.</summary>
    public string? Reference { get; init; }

    /// <summary>Why there is nothing to read.</summary>
    public string? Problem { get; init; }

    /// <summary>A file.</summary>
    public static PlannedInput OfFile(string path, string? reference = null) => new(path) { Source = path, Path = path, Reference = reference };

    /// <summary>A text at a place in a file.</summary>
    public static PlannedInput OfText(string place, string text) => new(place) { Source = place, Text = text };

    /// <summary>Something that should have been an input.</summary>
    public static PlannedInput Bad(string place, string problem) => new(place) { Source = place, Problem = problem };
}
