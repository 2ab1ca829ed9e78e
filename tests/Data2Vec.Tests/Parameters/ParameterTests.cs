using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Architectures;
using Data2Vec.Audio;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Parameters;
using Data2Vec.Tests.ModelFile;
using Data2Vec.Tests.Models;
using Data2Vec.Text;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Tests.Parameters;

/// <summary>The three walks over the declarations of a model's blocks: listing, initial values, model file.</summary>
public sealed class ParameterTests
{
    private static readonly ModelConfig[] s_configs =
    [
        new AudioConfig
        {
            FeatureExtractor = [new Conv1dShape(1, 16, 10, 5), new Conv1dShape(16, 16, 3, 2)],
            PositionalConvolution = [new Conv1dShape(24, 24, 5, 1, 2, 4)],
            HiddenSize = 24, Layers = 2, Heads = 3, FeedForwardSize = 48, Normalize = true, Labels = ["", "a", "b"],
        },
        new TextConfig { VocabularySize = 40, MaxTokens = 16, HiddenSize = 24, Layers = 3, Heads = 2, FeedForwardSize = 40, Labels = ["good", "bad"] },
        new VisionConfig
        {
            Preprocessing = ImagePreprocessing.Squash(16, ImagePreprocessing.Half, ImagePreprocessing.Half),
            ImageSize = 16, PatchSize = 4, HiddenSize = 24, Layers = 2, Heads = 2, FeedForwardSize = 40, HasFinalNorm = true,
        },
        new VggConfig
        {
            Preprocessing = ImagePreprocessing.Squash(8, ImagePreprocessing.Half, ImagePreprocessing.Half),
            ImageSize = 8, Blocks = [[4, 4], [8]], IntermediateSize = 16, HiddenSize = 12,
        },
        .. SpeechStructures.All,
    ];

    public static TheoryData<int> Configs => [.. Enumerable.Range(0, s_configs.Length)];

    [Theory, MemberData(nameof(Configs))]
    public void A_model_of_initial_values_equals_the_file_written_from_the_list_of_its_parameters(int index)
    {
        ModelConfig config = s_configs[index];
        using var folder = new TemporaryFolder();
        string path = folder.File("initial.d2v");
        Write(path, config, 5, _ => true);
        using Data2VecModel created = Data2VecModel.Create(config, 5), other = Data2VecModel.Create(config, 6), loaded = Data2VecModel.Load(path);
        Assert.Equal(config.ToJson().ToJsonString(), loaded.Config.ToJson().ToJsonString());
        Assert.Equal(config.Modality, loaded.Modality);
        float[] vector = Embed(loaded);
        Assert.All(vector, value => Assert.True(float.IsFinite(value)));
        Assert.Equal(vector, Embed(created));
        Assert.NotEqual(vector, Embed(other));
    }

    [Theory, InlineData("speech-ctc"), InlineData("text-sentiment"), InlineData("image-cifar10")]
    public void A_bundled_models_file_has_exactly_the_listed_parameters(string name)
    {
        using D2vFile file = D2vFile.Open(new MemoryStream(Resources.Read(name)), name);
        Parameter[] listed = [.. ModelConfig.FromJson(file.Config, file.Architecture).ListParameters()];
        Parameter[] present = [.. listed.Where(parameter => file.Tensors.ContainsKey(parameter.Name))];
        Assert.Equal(file.Tensors.Keys.Order(), present.Select(parameter => parameter.Name).Order());
        Assert.All(listed.Except(present), parameter => Assert.True(parameter.IsOptional, parameter.Name));
        Assert.All(present, parameter =>
        {
            TensorInfo tensor = file.Tensor(parameter.Name);
            Assert.True(parameter.Accepts(tensor.Shape), parameter.Name);
            if (tensor.Type != ElementType.F16 || tensor.Layout != WeightLayout.Rows)
            {
                // Files had f16 by rows before there were panels of it.
                Assert.Equal(parameter.Declare(tensor.Type).Layout, tensor.Layout);
            }
        });
    }

    [Fact]
    public void An_optional_parameter_that_some_layers_lack_is_refused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("some.d2v");
        Write(path, s_configs[2], 1, parameter => parameter.Name != "encoder.1.attention_scale");
        string message = Assert.Throws<InvalidDataException>(() => Data2VecModel.Load(path)).Message;
        Assert.Contains("encoder.1.attention_scale", message, StringComparison.Ordinal);
        Assert.Contains("1 of 2 layers", message, StringComparison.Ordinal);
        Write(path, s_configs[2], 1, parameter => !parameter.IsOptional);
        Data2VecModel.Load(path).Dispose();
        Write(path, s_configs[2], 1, parameter => parameter.Name != "class_token");
        Assert.Contains("class_token", Assert.Throws<InvalidDataException>(() => Data2VecModel.Load(path)).Message, StringComparison.Ordinal);
    }

    [Theory, InlineData("labels"), InlineData("word_pieces")]
    public void An_optional_field_of_a_structure_may_be_absent_but_not_null(string field)
    {
        JsonObject json = ((TextConfig)s_configs[1] with { Labels = null }).ToJson();
        Read(json);
        json[field] = null;
        Assert.Contains(field, Assert.Throws<InvalidDataException>(() => Read(json)).Message, StringComparison.Ordinal);

        static void Read(JsonObject json)
        {
            using JsonDocument document = JsonDocument.Parse(json.ToJsonString());
            ModelConfig.FromJson(document.RootElement, ModelArchitecture.Data2VecText);
        }
    }

    [Fact]
    public void A_structure_that_contradicts_itself_is_an_invalid_argument()
    {
        var text = (TextConfig)s_configs[1];
        foreach (ModelConfig config in (ModelConfig[])[text with { Heads = 7 }, text with { Architecture = ModelArchitecture.Vgg }, text with { Architecture = "music" }])
        {
            Assert.Throws<ArgumentException>(() => Data2VecModel.Create(config, 1));
        }

        Assert.Throws<ArgumentException>(() => Data2VecModel.Create((AudioConfig)s_configs[0] with { PositionalConvolution = [] }, 1));
    }

    [Fact]
    public void Initial_values_depend_on_their_place_only_and_have_the_declared_distribution()
    {
        var parameter = new Parameter("encoder.0.attention.query.weight", [200, 300], ParameterRole.Product) { Initial = InitialValue.Normal(0.02f) };
        float[] all = new float[60_000], part = new float[1000];
        parameter.Initial.Fill(parameter, 3, 0, all);
        parameter.Initial.Fill(parameter, 3, 41_000, part);
        Assert.Equal(all[41_000..42_000], part);
        Assert.InRange(all.Average(), -0.0005f, 0.0005f);
        Assert.InRange(MathF.Sqrt(all.Average(value => value * value)), 0.0197f, 0.0203f);

        parameter = parameter with { Initial = InitialValue.Uniform(25) };
        parameter.Initial.Fill(parameter, 3, 0, all);
        Assert.InRange(all.Max(), 0.199f, 0.2f);
        Assert.InRange(all.Min(), -0.2f, -0.199f);
        Assert.InRange(all.Average(), -0.002f, 0.002f);

        parameter = new Parameter("token_embedding.weight", [4, 50], ParameterRole.Table) { Initial = InitialValue.Normal(1) with { ZeroRow = 1 } };
        float[] table = new float[200];
        parameter.Initial.Fill(parameter, 3, 0, table);
        Assert.All(table[50..100], value => Assert.Equal(0, value));
        Assert.DoesNotContain(0f, table[..50].Concat(table[100..]));
    }

    [Fact]
    public void Every_architecture_has_a_name_of_its_own_and_unknown_ones_are_refused()
    {
        Assert.Equal(ModelArchitecture.All.Count, ModelArchitecture.All.Select(architecture => architecture.Name).Distinct().Count());
        Assert.All(ModelArchitecture.All, architecture => Assert.Same(architecture, ModelArchitecture.Find(architecture.Name)));
        Assert.Contains("'music'", Assert.Throws<InvalidDataException>(() => ModelArchitecture.Find("music")).Message, StringComparison.Ordinal);
    }

    private static void Write(string path, ModelConfig config, ulong seed, Func<Parameter, bool> include)
    {
        Parameter[] parameters = [.. config.ListParameters().Where(include)];
        using D2vWriter writer = D2vWriter.Create(path, new D2vContents
        {
            Architecture = config.Architecture,
            Config = config.ToJson(),
            Tensors = [.. parameters.Select(parameter => parameter.Declare(ElementType.F32))],
        });
        foreach (Parameter parameter in parameters)
        {
            writer.Write(parameter.Name, (start, destination) => parameter.Initial.Fill(parameter, seed, start, destination));
        }

        writer.Complete();
    }

    private static float[] Embed(Data2VecModel model) => model switch
    {
        SpeechModel speech => speech.EmbedPrepared(Wave(2000)),
        TextModel text => text.EmbedPrepared(new[] { 0, 7, 21, 8, 2 }),
        VisionModel vision => vision.EmbedPrepared(Wave(vision.Preprocessing.OutputLength)),
        _ => throw new NotSupportedException(),
    };

    private static float[] Wave(int length) => [.. Enumerable.Range(0, length).Select(i => MathF.Sin(i * 0.37f))];
}
