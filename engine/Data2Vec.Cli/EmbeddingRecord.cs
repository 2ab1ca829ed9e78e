using Data2Vec.Text;

namespace Data2Vec.Cli;

/// <summary>What one layer gives for one input.</summary>
/// <param name="Input">The input as it was given.</param>
/// <param name="ModelPath">The model's file.</param>
/// <param name="Layer">The layer, 0 being what enters the first.</param>
/// <param name="Dimensions">The features of a vector.</param>
/// <param name="Values">One vector, or <c>[rows, features]</c> where they are not pooled.</param>
/// <param name="Text">What became of a text.</param>
internal sealed record EmbeddingRecord(string Input, string ModelPath, int Layer, int Dimensions, float[] Values, TextWindows? Text)
{
    /// <summary>The number of vectors.</summary>
    public int Rows => Values.Length / Dimensions;
}
