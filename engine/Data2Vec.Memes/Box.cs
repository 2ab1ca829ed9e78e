namespace Data2Vec.Memes;

/// <summary>A rectangle of an image.</summary>
/// <param name="X">The first column, in pixels from the left.</param>
/// <param name="Y">The first row, in pixels from the top.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
public readonly record struct Box(int X, int Y, int Width, int Height);
