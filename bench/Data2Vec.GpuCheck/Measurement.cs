namespace Data2Vec.GpuCheck;

/// <summary>A measurement.</summary>
/// <param name="Group">Kind of operation.</param>
/// <param name="Name">Name with sizes, and the type unless it is f32.</param>
/// <param name="Milliseconds">Median time.</param>
/// <param name="Teraflops">Rate of compute-bound operations.</param>
/// <param name="ShareOfPeak">Share of the GPU's f32 peak without tensor cores; null if unknown.</param>
/// <param name="Gigabytes">Memory traffic per second of memory-bound operations.</param>
/// <param name="Error">Relative L2 distance of the hidden states from the CPU's in f32.</param>
/// <param name="Cosine">Minimum cosine between vectors and the CPU's in f32.</param>
/// <param name="LeastCosine">Required minimum of the cosine.</param>
/// <param name="Failure">Why the measurement failed or the result is wrong; null if neither.</param>
internal sealed record Measurement(
    string Group, string Name, double Milliseconds, double? Teraflops = null, double? ShareOfPeak = null, double? Gigabytes = null, double? Error = null,
    double? Cosine = null, double? LeastCosine = null, string? Failure = null);
