using Data2Vec.Text;

namespace Data2Vec.Cli.Inputs;

/// <summary>A text of token ids, the model's very input.</summary>
internal sealed class TokenInput(string name, int[] ids) : ModelInput(Modality.Text, [name])
{
    public override float[][] Embed(Data2VecModel model, EmbeddingOptions options) => model.EmbedTokens([ids], options);

    public override float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options) => model.EmbedTokenLayers(ids, options);

    public override LabelProbability[][] Classify(Data2VecModel model, LongTextPolicy longTexts) => model.ClassifyTokens([ids]);
}
