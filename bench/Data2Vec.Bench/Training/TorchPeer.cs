using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Data2Vec.Training.Network;
using Data2Vec.Training.Pretraining;

namespace Data2Vec.Bench.Training;

/// <summary>PyTorch in a process of its own, which makes updates of the same parameters with the same batch when it is told to.</summary>
internal sealed class TorchPeer : IDisposable
{
    private readonly Process _process;
    private readonly BinaryWriter _writer;

    private TorchPeer(Process process)
    {
        _process = process;
        _writer = new BinaryWriter(new BufferedStream(process.StandardInput.BaseStream, 1 << 20));
    }

    /// <summary>Starts the process and hands it parameters and a batch.</summary>
    /// <param name="command">A command that runs <c>bench/Data2Vec.TorchPeer</c>.</param>
    /// <param name="pretrainer">Has the parameters, and has made no update.</param>
    /// <param name="objective">What is predicted.</param>
    /// <param name="batch">Inputs of equal lengths.</param>
    /// <param name="threads">The number of threads.</param>
    /// <param name="clipNorm">The largest norm of a gradient; 0 for none.</param>
    public static TorchPeer Start<T>(
        string command, Pretrainer<T> pretrainer, PretrainingObjective objective, PretrainingBatch<T> batch, int threads, double clipNorm)
        where T : unmanaged
    {
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var peer = new TorchPeer(Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true })!);
        peer.Send(pretrainer, objective, batch, threads, clipNorm);
        return peer;
    }

    /// <summary>Makes an update.</summary>
    /// <param name="decay">The teacher's decay.</param>
    /// <returns>The loss per masked row, and the milliseconds of each phase.</returns>
    public (double Loss, double[] Phases) Update(double decay)
    {
        _writer.Write(true);
        _writer.Write(decay);
        _writer.Flush();
        double[] numbers = Array.ConvertAll(Read().Split(' '), word => double.Parse(word, CultureInfo.InvariantCulture));
        return (numbers[0], numbers[1..]);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _writer.Write(false);
            _writer.Flush();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private void Send<T>(Pretrainer<T> pretrainer, PretrainingObjective objective, PretrainingBatch<T> batch, int threads, double clipNorm)
        where T : unmanaged
    {
        ParameterBuffers buffers = pretrainer.Student.Buffers;
        _writer.Write("train");
        _writer.Write(threads);
        _writer.Write(pretrainer.Student.Config.Modality switch { Modality.Speech => "speech", Modality.Text => "text", _ => "image" });
        _writer.Write(buffers.Places.Count);
        for (int i = 0; i < buffers.Places.Count; i++)
        {
            Data2Vec.Parameters.Parameter parameter = buffers.Places[i].Parameter;
            _writer.Write(parameter.Name);
            _writer.Write(parameter.Shape.Count);
            foreach (int size in parameter.Shape)
            {
                _writer.Write(size);
            }

            _writer.Write(objective.TeacherHas(parameter.Name));
            _writer.Write(objective.IsCopied(parameter.Name));
            Write<float>(buffers.Read(i, buffers.Values));
        }

        _writer.Write(clipNorm);
        _writer.Write(batch.Inputs.Count);
        _writer.Write(batch.Mask.Length / batch.Inputs.Count);
        _writer.Write(batch.Inputs[0].Length);
        foreach (ReadOnlyMemory<T> input in batch.Inputs.Concat(batch.Masked))
        {
            Write(input.Span);
        }

        Write<bool>(batch.Mask);
        _writer.Flush();
        string greeting = Read();
        long count = buffers.Places.Sum(place => place.Parameter.Count);
        if (greeting != $"{count}")
        {
            throw new InvalidOperationException($"The peer has {greeting} parameters, not {count}.");
        }
    }

    private string Read() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The peer has ended.");

    private void Write<T>(ReadOnlySpan<T> values)
        where T : unmanaged => _writer.Write(MemoryMarshal.AsBytes(values));
}
