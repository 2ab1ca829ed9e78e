using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Data2Vec.TorchPeer;

/// <summary>Makes updates of pretraining with one batch.</summary>
internal sealed class Trainer
{
    private readonly Network _network;
    private readonly NamedTensors _student = [], _teacher = [];
    private readonly List<(Tensor Teacher, Tensor Student, bool IsCopied)> _average = [];
    private readonly AdamW _optimizer;
    private readonly double _clipNorm;
    private readonly Tensor _inputs, _masked, _mask;
    private readonly long _rows;

    private Trainer(BinaryReader reader)
    {
        string model = reader.ReadString();
        _network = Network.Create(model);
        for (int count = reader.ReadInt32(); count > 0; count--)
        {
            string name = reader.ReadString();
            long[] shape = new long[reader.ReadInt32()];
            for (int i = 0; i < shape.Length; i++)
            {
                shape[i] = reader.ReadInt32();
            }

            bool teaches = reader.ReadBoolean(), isCopied = reader.ReadBoolean();
            float[] values = Read<float>(reader, shape.Aggregate(1L, (product, size) => product * size));
            _student.Add(name, tensor(values, shape), learns: true);
            if (teaches)
            {
                _teacher.Add(name, tensor(values, shape), learns: false);
                _average.Add((_teacher[name], _student[name], isCopied));
            }
        }

        _clipNorm = reader.ReadDouble();
        int items = reader.ReadInt32(), rows = reader.ReadInt32(), length = reader.ReadInt32();
        _inputs = ReadInputs();
        _masked = ReadInputs();
        _mask = tensor(Array.ConvertAll(reader.ReadBytes(items * rows), value => value != 0), [items, rows]);
        _rows = _mask.sum().item<long>();
        _optimizer = new AdamW([.. _student.Values]);

        Tensor ReadInputs() => model == "text"
            ? tensor(Array.ConvertAll(Read<int>(reader, items * length), id => (long)id), [items, length])
            : tensor(Read<float>(reader, items * length), [items, length]);
    }

    /// <summary>The numbers in the student's parameters.</summary>
    public long Parameters => _student.Values.Sum(parameter => parameter.numel());

    /// <summary>Reads parameters and a batch.</summary>
    public static Trainer Read(BinaryReader reader) => new(reader);

    /// <summary>Makes an update.</summary>
    /// <param name="decay">The teacher's decay.</param>
    /// <param name="enter">Is told when each phase begins and when the last ends.</param>
    /// <returns>The loss per masked row.</returns>
    public double Update(double decay, Action enter)
    {
        using var scope = NewDisposeScope();
        enter();
        MoveTeacher(decay);
        enter();
        Tensor x = _network.Embed(_student, _masked);
        enter();
        Tensor targets = MakeTargets(x);
        enter();
        x = _network.Contextualize(_student, _network.Mask(_student, x, _mask), null);
        Tensor prediction = _network.Predict(_student, x[_mask]);
        Tensor loss = _network.Loss(prediction, targets) / _rows;
        _optimizer.ClearGradients();
        enter();
        loss.backward();
        enter();
        if (_clipNorm > 0)
        {
            nn.utils.clip_grad_norm_(_student.Values, _clipNorm);
        }

        _optimizer.Step();
        enter();
        return loss.item<float>();
    }

    private Tensor MakeTargets(Tensor rows)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var outputs = new List<Tensor>();
        _network.Contextualize(_teacher, _network.TeacherEmbeds ? _network.Embed(_teacher, _inputs) : rows.detach(), outputs);
        return _network.Targets(outputs)[_mask].MoveToOuterDisposeScope();
    }

    private void MoveTeacher(double decay)
    {
        using var none = no_grad();
        foreach ((Tensor teacher, Tensor student, bool isCopied) in _average)
        {
            if (isCopied || decay == 0)
            {
                teacher.copy_(student);
            }
            else
            {
                teacher.mul_(decay).add_(student, 1 - decay);
            }
        }
    }

    private static T[] Read<T>(BinaryReader reader, long count)
        where T : unmanaged
    {
        var values = new T[count];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
