using System.Text.Json;
using Data2Vec.Audio;
using Data2Vec.Text;
using Data2Vec.Vision;

namespace Data2Vec.Architectures;

/// <summary>
/// An architecture: its name in model files, its modality, its configuration and its encoder. This is the only place where architectures are
/// registered.
/// </summary>
public sealed class ModelArchitecture
{
    /// <summary>data2vec's speech model.</summary>
    public const string Data2VecAudio = "data2vec-audio";

    /// <summary>data2vec 2.0's speech model, whose attention has linear biases (ALiBi).</summary>
    public const string Data2Vec2Audio = "data2vec2-audio";

    /// <summary>wav2vec 2.0.</summary>
    public const string Wav2Vec2 = "wav2vec2";

    /// <summary>HuBERT.</summary>
    public const string Hubert = "hubert";

    /// <summary>WavLM.</summary>
    public const string WavLm = "wavlm";

    /// <summary>The text model of data2vec and data2vec 2.0.</summary>
    public const string Data2VecText = "data2vec-text";

    /// <summary>BERT.</summary>
    public const string Bert = "bert";

    /// <summary>DistilBERT.</summary>
    public const string DistilBert = "distilbert";

    /// <summary>MPNet.</summary>
    public const string MpNet = "mpnet";

    /// <summary>data2vec's vision model, which is BEiT's.</summary>
    public const string Data2VecVision = "data2vec-vision";

    /// <summary>data2vec 2.0's vision model.</summary>
    public const string Data2Vec2Vision = "data2vec2-vision";

    /// <summary>A vision transformer with position vectors: MAE, DINO, MoCo v3, MaskFeat, and those of timm, torchvision and Hugging Face.</summary>
    public const string Vit = "vit";

    /// <summary>A vision transformer with relative position bias: BEiT, SimMIM.</summary>
    public const string Beit = "beit";

    /// <summary>A VGG network.</summary>
    public const string Vgg = "vgg";

    private readonly Func<JsonElement, ModelConfig> _readConfig;
    private readonly Func<ModelConfig, ParameterScope, int?, Encoder> _createEncoder;

    private ModelArchitecture(
        string name, Modality modality, bool acceptsImageSize, Func<JsonElement, ModelConfig> readConfig, Func<ModelConfig, ParameterScope, int?, Encoder> createEncoder)
    {
        (Name, Modality, AcceptsImageSize) = (name, modality, acceptsImageSize);
        (_readConfig, _createEncoder) = (readConfig, createEncoder);
    }

    /// <summary>All architectures.</summary>
    public static IReadOnlyList<ModelArchitecture> All { get; } =
    [
        Register(Data2VecAudio, Modality.Speech, AudioConfig.FromJson, (config, parameters, _) => new AudioEncoder(config, parameters)),
        Register(Data2Vec2Audio, Modality.Speech, AudioConfig.FromJson, (config, parameters, _) => new AudioEncoder(config, parameters)),
        Register(Wav2Vec2, Modality.Speech, AudioConfig.FromJson, (config, parameters, _) => new AudioEncoder(config, parameters)),
        Register(Hubert, Modality.Speech, AudioConfig.FromJson, (config, parameters, _) => new AudioEncoder(config, parameters)),
        Register(WavLm, Modality.Speech, AudioConfig.FromJson, (config, parameters, _) => new AudioEncoder(config, parameters)),
        Register(Data2VecText, Modality.Text, TextConfig.FromJson, (config, parameters, _) => new TextEncoder(config, parameters)),
        Register(Bert, Modality.Text, TextConfig.FromJson, (config, parameters, _) => new TextEncoder(config, parameters)),
        Register(DistilBert, Modality.Text, TextConfig.FromJson, (config, parameters, _) => new TextEncoder(config, parameters)),
        Register(MpNet, Modality.Text, TextConfig.FromJson, (config, parameters, _) => new TextEncoder(config, parameters)),
        Register(Data2VecVision, Modality.Vision, VisionConfig.FromJson, (config, parameters, size) => new VisionEncoder(config, parameters, size), acceptsImageSize: true),
        Register(Data2Vec2Vision, Modality.Vision, VisionConfig.FromJson, (config, parameters, size) => new VisionEncoder(config, parameters, size), acceptsImageSize: true),
        Register(Vit, Modality.Vision, VitConfig.FromJson, (config, parameters, size) => new VitEncoder(config, parameters, size), acceptsImageSize: true),
        Register(Beit, Modality.Vision, VitConfig.FromJson, (config, parameters, size) => new VitEncoder(config, parameters, size), acceptsImageSize: true),
        Register(Vgg, Modality.Vision, VggConfig.FromJson, (config, parameters, _) => new VggEncoder(config, parameters)),
    ];

    /// <summary>The name in model files.</summary>
    public string Name { get; }

    /// <summary>The kind of input.</summary>
    public Modality Modality { get; }

    /// <summary>Whether <see cref="ModelOptions.ImageSize"/> applies: whether the model can see images of other sizes than it was trained on.</summary>
    public bool AcceptsImageSize { get; }

    /// <summary>Finds an architecture by its name.</summary>
    /// <exception cref="InvalidDataException">The name is unknown.</exception>
    public static ModelArchitecture Find(string name) => All.FirstOrDefault(architecture => architecture.Name == name)
        ?? throw new InvalidDataException($"the architecture '{name}' is not supported");

    /// <summary>Reads the <c>config</c> of a model file.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range.</exception>
    public ModelConfig ReadConfig(JsonElement json) => _readConfig(json);

    /// <summary>Constructs the encoder, which declares its parameters in <paramref name="parameters"/>.</summary>
    /// <param name="config">The structure that the parameters are for.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="imageSize">The side of the square of pixels to see; null for the one that the parameters are for.</param>
    internal Encoder CreateEncoder(ModelConfig config, ParameterScope parameters, int? imageSize = null)
    {
        Encoder encoder = _createEncoder(config, parameters, imageSize);
        encoder.DenseLayers = DenseLayers.Create(config, parameters);
        return encoder;
    }

    private static ModelArchitecture Register<TConfig>(
        string name, Modality modality, Func<JsonElement, string, TConfig> readConfig, Func<TConfig, ParameterScope, int?, Encoder> createEncoder,
        bool acceptsImageSize = false)
        where TConfig : ModelConfig =>
        new(name, modality, acceptsImageSize, json => readConfig(json, name), (config, parameters, size) => createEncoder((TConfig)config, parameters, size));
}
