using Data2Vec.Text;

namespace Data2Vec.Cli.Inputs;

/// <summary>A text of token ids, the model's very input.</summary>
internal sealed class TokenInput(string name, int[] ids) : ModelInput(InputKind.Text, [name])
{
    public override float[][] Embed(Data2VecModel model, EmbeddingOptions options) => [((TextModel)model).EmbedPrepared(ids, options)];

    public override float[][] EmbedLayers(Data2VecModel model, EmbeddingOptions options) => ((TextModel)model).EmbedPreparedLayers(ids, options);

    public override LabelProbability[][] Classify(Data2VecModel model, LongTextPolicy longTexts) => [((TextModel)model).ClassifyPrepared(ids)];
}
