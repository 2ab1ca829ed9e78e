namespace Data2Vec.Corpus;

/// <summary>The names of a table's columns. Null stands for the first usual name that the table has.</summary>
public sealed record TableColumns
{
    /// <summary>The column of the ids: by default <c>id</c>, <c>key</c> or <c>uid</c>. Without one, a row's id is its place in the file.</summary>
    public string? Id { get; init; }

    /// <summary>The column of the texts: by default <c>text</c>, <c>sentence</c>, <c>content</c> or <c>title</c>. Of images, the text in them: <c>text</c>.</summary>
    public string? Text { get; init; }

    /// <summary>
    /// The column of the paths of recordings and images: by default <c>path</c>, <c>file</c>, <c>file_name</c>, <c>filename</c>, <c>audio</c>, <c>image</c> or
    /// <c>img</c>. Relative paths begin at the folder of the table.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>The column that is copied into the result as the reference; by default <c>reference</c>, <c>label</c>, <c>class</c> or <c>transcript</c>.</summary>
    public string? Reference { get; init; }
}
