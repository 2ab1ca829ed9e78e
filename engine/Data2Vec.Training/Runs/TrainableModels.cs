using Data2Vec.Audio;
using Data2Vec.Text;
using Data2Vec.Vision;

namespace Data2Vec.Training.Runs;

/// <summary>Which models can be trained.</summary>
internal static class TrainableModels
{
    /// <summary>Refuses a model whose operations have no gradients, or whose training is another than data2vec's.</summary>
    /// <exception cref="InvalidDataException">It cannot be trained.</exception>
    public static void Require(ModelConfig config)
    {
        if (config is not (AudioConfig or TextConfig or VisionConfig))
        {
            throw new InvalidDataException($"models of {config.Architecture} cannot be trained; data2vec's models of speech, text and images and BERT can");
        }

        if (config is TextConfig { DistanceBuckets: not null })
        {
            throw new InvalidDataException($"models of {config.Architecture} cannot be trained, because their bias by distance has no gradient; data2vec's text models and BERT can");
        }

        if (config is AudioConfig { IsData2Vecs: false })
        {
            string what = config.Architecture is ModelArchitecture.Data2VecAudio or ModelArchitecture.Data2Vec2Audio
                ? $"{config.Architecture} models of another structure than the published ones"
                : $"{config.Architecture} models";
            throw new InvalidDataException($"{what} cannot be trained; of speech models, data2vec and data2vec 2.0 can");
        }
    }
}
