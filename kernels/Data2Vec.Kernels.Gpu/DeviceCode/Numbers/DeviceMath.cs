namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>Elementary functions, the same on every kind of device: their own <c>exp</c> and <c>erf</c> differ.</summary>
internal static class DeviceMath
{
    /// <summary>Exponents are clamped to this; <c>exp</c> of less is subnormal.</summary>
    private const float LowestExponent = -87f;

    public static float Max(float a, float b) => a > b ? a : b;

    /// <summary><c>exp(x)</c> for <c>x &lt;= 0</c>, with the polynomial of the CPU backend.</summary>
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

    /// <summary>The exact GELU <c>x Φ(x)</c>, as the CPU backend approximates it: <c>Φ(x) = 1/2 + x P(x²) / Q(x²)</c> for <c>|x| &lt;= 5.5</c>.</summary>
    public static float Gelu(float x)
    {
        float z = x < -5.5f ? -5.5f : x > 5.5f ? 5.5f : x;
        float t = z * z;
        float p = 2.2215736805719644e-08f;
        p = p * t + 6.530741302412935e-06f;
        p = p * t + 0.00018286002159584314f;
        p = p * t + 0.004761628806591034f;
        p = p * t + 0.03514252230525017f;
        p = p * t + 0.3989419937133789f;
        float q = 1.1953922012253315e-06f;
        q = q * t + 7.861078483983874e-05f;
        q = q * t + 0.001962445443496108f;
        q = q * t + 0.029398806393146515f;
        q = q * t + 0.2547528147697449f;
        q = q * t + 1f;
        return x * Max(z * p * (1f / q) + 0.5f, 0f);
    }
}
