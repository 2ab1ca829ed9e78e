namespace Data2Vec.Memes.Fusion;

/// <summary>Kingma and Ba, "Adam" (2015), algorithm 1, with the default constants.</summary>
internal sealed class Adam(int parameters, float learningRate)
{
    private const float Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 1e-8f;

    private readonly float[] _mean = new float[parameters];
    private readonly float[] _square = new float[parameters];

    /// <param name="values">The parameters, which are changed.</param>
    /// <param name="gradient">The loss by them.</param>
    /// <param name="step">How many steps there were, with this one.</param>
    public void Step(float[] values, float[] gradient, int step)
    {
        float size = (float)(learningRate / (1 - Math.Pow(Beta1, step)));
        float correction = (float)Math.Sqrt(1 - Math.Pow(Beta2, step));
        for (int i = 0; i < values.Length; i++)
        {
            float mean = _mean[i] = Beta1 * _mean[i] + (1 - Beta1) * gradient[i];
            float square = _square[i] = Beta2 * _square[i] + (1 - Beta2) * gradient[i] * gradient[i];
            values[i] -= size * mean / (MathF.Sqrt(square) / correction + Epsilon);
        }
    }
}
