using System.Diagnostics;
using System.Runtime.InteropServices;
using Data2Vec.Architectures;
using Data2Vec.ModelFile;

namespace Data2Vec.Bench.Peers;

/// <summary>libtorch in a process of its own, which runs the same weights and inputs in f32 or bf16 when it is told to.</summary>
internal sealed class TorchInference : IDisposable
{
    private readonly Process _process;
    private readonly BinaryWriter _writer;
    private readonly BinaryReader _reader;

    private TorchInference(Process process)
    {
        _process = process;
        _writer = new BinaryWriter(new BufferedStream(process.StandardInput.BaseStream, 1 << 20));
        _reader = new BinaryReader(process.StandardOutput.BaseStream);
    }

    /// <summary>Starts the process and hands it a model and a batch. Returns null if it does not have the model.</summary>
    /// <param name="command">A command that runs <c>bench/Data2Vec.TorchPeer</c>.</param>
    /// <param name="workload">The model and the batch.</param>
    /// <param name="threads">The number of threads.</param>
    public static TorchInference? Start(string command, Workload workload, int threads)
    {
        string? model = workload.Model switch
        {
            "audio" => "speech",
            "text" => "text",
            "vision" => "image",
            ModelArchitecture.Vgg => "vgg",
            _ => null,
        };
        if (model is null)
        {
            return null;
        }

        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var peer = new TorchInference(Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true })!);
        try
        {
            peer.Send(model, workload, threads);
        }
        catch (IOException exception)
        {
            throw Ended(exception);
        }

        return peer;
    }

    /// <summary>Runs one inference. Returns the milliseconds that it took there, and the hidden states if they are wanted.</summary>
    public (double Milliseconds, float[] HiddenStates) Run(bool bf16, bool wanted)
    {
        _writer.Write(true);
        _writer.Write(bf16);
        _writer.Write(wanted);
        _writer.Flush();
        try
        {
            double milliseconds = _reader.ReadDouble();
            var values = new float[_reader.ReadInt32()];
            _reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            return (milliseconds, values);
        }
        catch (EndOfStreamException exception)
        {
            throw Ended(exception);
        }
    }

    private static InvalidOperationException Ended(IOException exception) =>
        new("The libtorch process has ended. Build bench/Data2Vec.TorchPeer, and run it on Debian 13 or by its run-in-debian13.", exception);

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

    private void Send(string model, Workload workload, int threads)
    {
        using D2vFile file = D2vFile.Open(workload.ModelPath());
        _writer.Write("run");
        _writer.Write(threads);
        _writer.Write(model);
        _writer.Write(file.Tensors.Count);
        foreach ((string name, TensorInfo tensor) in file.Tensors)
        {
            var values = new float[tensor.Count];
            file.Read(tensor, values);
            _writer.Write(name);
            Send<float>([.. tensor.Shape], values);
        }

        (_, Array inputs, int[] shape) = workload.GraphInputs()[0];
        if (inputs is long[] ids)
        {
            Send<long>(shape, ids);
        }
        else
        {
            Send<float>(shape, (float[])inputs);
        }

        _writer.Flush();
    }

    private void Send<T>(int[] shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        _writer.Write(shape.Length);
        foreach (int size in shape)
        {
            _writer.Write(size);
        }

        _writer.Write(MemoryMarshal.AsBytes(values));
    }
}
