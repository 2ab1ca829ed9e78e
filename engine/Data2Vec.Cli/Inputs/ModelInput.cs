using Data2Vec.Text;

namespace Data2Vec.Cli.Inputs;

/// <summary>One input or several that go through a model together.</summary>
/// <param name="kind">What they are.</param>
/// <param name="names">What each is called in results and messages.</param>
internal abstract class ModelInput(Modality kind, IReadOnlyList<string> names)
{
    public Modality Kind { get; } = kind;

    public IReadOnlyList<string> Names { get; } = names;

    /// <summary>The vectors of each.</summary>
    public abstract float[][] Embed(Data2VecModel model, EmbeddingOptions options);

    /// <summary>The vectors of the only one, for what enters the first layer and for every layer's output.</summary>
    public abstract float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options);

    /// <summary>The labels of each, the likeliest first.</summary>
    public abstract LabelProbability[][] Classify(Data2VecModel model, LongTextPolicy longTexts);
}
