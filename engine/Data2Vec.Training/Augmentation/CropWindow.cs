namespace Data2Vec.Training.Augmentation;

/// <summary>A part of an image, in pixels.</summary>
/// <param name="Left">The first column.</param>
/// <param name="Top">The first row.</param>
/// <param name="Width">The number of columns.</param>
/// <param name="Height">The number of rows.</param>
public readonly record struct CropWindow(int Left, int Top, int Width, int Height);
