namespace Data2Vec.GpuCheck;

/// <summary>What one run took.</summary>
/// <param name="Group">The kind of thing that ran.</param>
/// <param name="Name">Which, with its sizes, and its type where that is not f32.</param>
/// <param name="Milliseconds">How long; the median.</param>
/// <param name="Teraflops">Operations a second, of things that are made of products.</param>
/// <param name="ShareOfPeak">Of the card's rate in single precision without tensor cores; null where that is not known.</param>
/// <param name="Gigabytes">Read and written a second, of things that are made of memory traffic.</param>
/// <param name="Error">Relative L2 distance of the hidden states to what the processor gives in f32.</param>
/// <param name="Cosine">Between the vector and the processor's in f32; the least of several.</param>
/// <param name="LeastCosine">What that is to be at least.</param>
/// <param name="Failure">Why it could not be measured, or what is wrong with the result; null where all is well.</param>
internal sealed record Measurement(
    string Group, string Name, double Milliseconds, double? Teraflops = null, double? ShareOfPeak = null, double? Gigabytes = null, double? Error = null,
    double? Cosine = null, double? LeastCosine = null, string? Failure = null);
