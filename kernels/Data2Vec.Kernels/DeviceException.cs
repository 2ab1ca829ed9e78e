namespace Data2Vec.Kernels;

/// <summary>A device failed. Its results are lost, and this process may be unable to use it again.</summary>
/// <param name="message">The device and its driver's message.</param>
/// <param name="cause">The driver's exception.</param>
public sealed class DeviceException(string message, Exception cause) : Exception(message, cause);
