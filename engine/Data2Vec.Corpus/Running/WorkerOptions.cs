using Data2Vec.Kernels;

namespace Data2Vec.Corpus;

/// <summary>How a worker runs. None of it changes results on the same kind of device.</summary>
public sealed record WorkerOptions
{
    /// <summary>The device; null for the CPU. The caller disposes it after the worker.</summary>
    public Backend? Backend { get; init; }

    /// <summary>Threads of the CPU backend; 0 for one per core.</summary>
    public int Threads { get; init; }

    /// <summary>Threads that read and decode inputs ahead of the model; 0 for one per core.</summary>
    public int DecodingThreads { get; init; }

    /// <summary>Whether the first bad input ends the work, instead of becoming a row with an error.</summary>
    public bool Strict { get; init; }

    /// <summary>Another place of the model file than that which the job was created with. It must be the same model.</summary>
    public string? ModelPath { get; init; }

    internal int Decoders => DecodingThreads > 0 ? DecodingThreads : Environment.ProcessorCount;

    internal ModelOptions ForModel(int? imageSize) => new() { Backend = Backend, Threads = Threads, ImageSize = imageSize };
}
