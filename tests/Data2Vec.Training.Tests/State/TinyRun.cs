using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Parameters;
using Data2Vec.Training.State;
using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Training.Tests.State;

/// <summary>The buffers of a small run, whose numbers follow from a number.</summary>
internal sealed unsafe class TinyRun : IDisposable
{
    private readonly nint[] _buffers;
    private readonly long _floats;

    public TinyRun(int hidden = 32, bool hasTeacher = true, float start = 0)
    {
        Config = new VisionConfig
        {
            Preprocessing = ImagePreprocessing.Squash(16, ImagePreprocessing.Half, ImagePreprocessing.Half),
            ImageSize = 16,
            PatchSize = 8,
            HiddenSize = hidden,
            Layers = 2,
            Heads = 2,
            FeedForwardSize = 48,
            HasFinalNorm = true,
        };
        long offset = 16;
        foreach (Parameter parameter in Config.ListParameters().Where(parameter => !parameter.Name.Contains(".relative_position", StringComparison.Ordinal) && parameter.Name != "position_embedding.weight"))
        {
            Parameters.Add((parameter, offset));
            offset += Floats(parameter);
        }

        _floats = offset;
        _buffers = [.. Enumerable.Range(0, 4).Select(i => i == 1 && !hasTeacher ? 0 : (nint)NativeMemory.AlignedAlloc((nuint)offset * sizeof(float), 64))];
        Fill(start);
    }

    public VisionConfig Config { get; }

    public List<(Parameter Parameter, long Offset)> Parameters { get; } = [];

    public TrainingBuffers Buffers => new(_buffers[0], _buffers[1], _buffers[2], _buffers[3]);

    public TrainingProgress Progress(long update) => new()
    {
        Recipe = new JsonObject { ["learning_rate"] = 0.0005, ["schedule"] = new JsonObject { ["warmup"] = 10 } },
        Model = Config,
        Update = update,
        Epoch = 3,
        Batch = 7,
        Seed = ulong.MaxValue,
        BestMetric = 0.1,
        Data = new DataFingerprint(12, uint.MaxValue),
        AdamSteps = Parameters.ToDictionary(entry => entry.Parameter.Name, _ => update),
    };

    public void Fill(float start)
    {
        for (int i = 0; i < 4; i++)
        {
            Span<float> floats = Floats(i);
            for (int j = 0; j < floats.Length; j++)
            {
                floats[j] = start + i + j / 1024f;
            }
        }
    }

    public float[] Values(int buffer, int parameter) =>
        Floats(buffer).Slice((int)Parameters[parameter].Offset, (int)Floats(Parameters[parameter].Parameter)).ToArray();

    public void Dispose() => Array.ForEach(_buffers, buffer => NativeMemory.AlignedFree((void*)buffer));

    private static long Floats(Parameter parameter)
    {
        TensorDeclaration declared = parameter.Declare(ElementType.F32);
        return declared.Layout == WeightLayout.Panels ? PanelLayout.Create(ElementType.F32, declared.Shape, declared.Groups).WordCount : parameter.Count;
    }

    private Span<float> Floats(int buffer) => _buffers[buffer] == 0 ? [] : new((void*)_buffers[buffer], (int)_floats);
}
