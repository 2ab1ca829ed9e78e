using ILGPU;

namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>
/// Elementary functions on the device, the same on every kind: what devices call <c>exp</c> and <c>erf</c> differs between them.
/// </summary>
internal static class DeviceMath
{
    /// <summary>Below this, <c>exp</c> leaves the normal floats; the functions here stop at it.</summary>
    private const float LowestExponent = -87f;

    public static float Max(float a, float b) => a > b ? a : b;

    /// <summary><c>exp(x)</c> for <c>x &lt;= 0</c>, by the polynomial of the CPU's vectors.</summary>
    public static float Exp(float x)
    {
        x = x < LowestExponent ? LowestExponent : x;
        int n = (int)(x * 1.44269504f - 0.5f);
        float r = x + n * -0.693145752f;
        r += n * -1.42860677e-6f;
        float p = 0.001383684459f;
        p = p * r + 0.008374815807f;
        p = p * r + 0.04166822508f;
        p = p * r + 0.166664198f;
        p = p * r + 0.4999999106f;
        p = p * r + 1f;
        p = p * r + 1f;
        return p * Interop.IntAsFloat((uint)(n + 127) << 23);
    }

    /// <summary>
    /// The exact GELU <c>x Φ(x)</c>, by the fit of the CPU's vectors: <c>max(x, 0) - z T</c> with <c>z = |x|</c> and
    /// <c>T = exp(-z²/2) t P(t)</c>, <c>t = 1 / (1 + z/4)</c>.
    /// </summary>
    public static float Gelu(float x)
    {
        float z = x < 0f ? -x : x;
        z = z > 16f ? 16f : z; // Φ(-16) is less than any float can hold
        float t = 1f / (z * 0.25f + 1f);
        float u = t - 0.5f;
        float p = 0.02064686827f;
        p = p * u + 0.008198414929f;
        p = p * u - 0.05029768124f;
        p = p * u - 0.05558764935f;
        p = p * u + 0.06014069915f;
        p = p * u + 0.2415774912f;
        p = p * u + 0.3730507791f;
        p = p * u + 0.3871376812f;
        p = p * u + 0.3039482534f;
        p = p * u + 0.188821286f;

        // z² does not fit a float, but the square of its upper half does: exp(-z²/2) is the product of that one's and of the rest's.
        float upper = Interop.IntAsFloat(Interop.FloatAsInt(z) & 0xFFFFF000);
        float tail = p * t * Exp(upper * upper * -0.5f) * Exp((z - upper) * (z + upper) * -0.5f);
        return Max(x, 0f) - z * tail;
    }
}
