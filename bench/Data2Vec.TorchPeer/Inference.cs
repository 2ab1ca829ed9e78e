using System.Diagnostics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Data2Vec.TorchPeer;

/// <summary>A model and a batch, both in f32 and in bf16: weights and activations.</summary>
internal sealed class Inference
{
    private readonly Network _network;
    private readonly NamedTensors[] _parameters = [[], []];
    private readonly Tensor[] _inputs;

    /// <summary>Reads a model and a batch.</summary>
    public Inference(BinaryReader reader)
    {
        string model = reader.ReadString();
        _network = Network.Create(model);
        for (int count = reader.ReadInt32(); count > 0; count--)
        {
            string name = reader.ReadString();
            Tensor values = ReadTensor<float>(reader), rounded = values.to(bfloat16);
            _parameters[0].Add(name, values, learns: false);
            _parameters[1].Add(name, rounded, learns: false);
        }

        Tensor inputs = model == "text" ? ReadTensor<long>(reader) : ReadTensor<float>(reader);
        _inputs = [inputs, model == "text" ? inputs : inputs.to(bfloat16)];
    }

    /// <summary>Answers requests: whether there is one, whether it is for bf16, and whether the results are wanted beside the milliseconds.</summary>
    public void Serve(BinaryReader reader, BinaryWriter writer)
    {
        using var mode = inference_mode();
        while (reader.ReadBoolean())
        {
            int type = reader.ReadBoolean() ? 1 : 0;
            bool wanted = reader.ReadBoolean();
            using var scope = NewDisposeScope();
            long start = Stopwatch.GetTimestamp();
            Tensor rows = _network.Run(_parameters[type], _inputs[type]);
            writer.Write(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            float[] values = wanted ? rows.to(float32).contiguous().data<float>().ToArray() : [];
            writer.Write(values.Length);
            writer.Write(MemoryMarshal.AsBytes<float>(values));
            writer.Flush();
        }
    }

    private static Tensor ReadTensor<T>(BinaryReader reader)
        where T : unmanaged
    {
        long[] shape = new long[reader.ReadInt32()];
        for (int i = 0; i < shape.Length; i++)
        {
            shape[i] = reader.ReadInt32();
        }

        var values = new T[shape.Aggregate(1L, (product, size) => product * size)];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values is float[] floats ? tensor(floats, shape) : tensor((long[])(object)values, shape);
    }
}
