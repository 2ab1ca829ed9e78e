namespace Data2Vec;

/// <summary>What became of the inputs of an asynchronous call.</summary>
/// <param name="Vectors">For each input what was asked for.</param>
/// <param name="Rows">Rows of all inputs: tokens with the special ones, frames, patches with the class token.</param>
internal readonly record struct EmbeddedInputs(float[][] Vectors, long Rows);
