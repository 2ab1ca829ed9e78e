namespace Data2Vec.Kernels;

/// <summary>A device failed at its work; what was computed is lost, and it may be of no use to this process any more.</summary>
/// <param name="message">Which device, and what its driver says.</param>
/// <param name="cause">What the driver threw.</param>
public sealed class DeviceException(string message, Exception cause) : IOException(message, cause);
