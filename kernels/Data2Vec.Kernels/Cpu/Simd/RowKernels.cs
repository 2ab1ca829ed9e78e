using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Operations on one row of activations.</summary>
internal static unsafe class RowKernels<S, V>
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary><c>y = activation((x + residual - mean) / sqrt(variance + epsilon) * gain + bias)</c>; y may be x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalize(float* x, float* residual, in NormValues norm, Activation activation, float* y)
    {
        int size = norm.Size;
        V sum = S.Create(0f);
        for (int i = 0; i < size; i += S.Width)
        {
            V v = S.Load(x + i);
            if (residual != null)
            {
                v = S.Add(v, S.Load(residual + i));
                StoreFirst(y + i, v, size - i);
            }

            sum = S.Add(sum, S.KeepFirst(v, size - i));
        }

        float* from = residual != null ? y : x;
        V mean = S.Create(S.Sum(sum) / size);
        V squares = S.Create(0f);
        for (int i = 0; i < size; i += S.Width)
        {
            V d = S.KeepFirst(S.Subtract(S.Load(from + i), mean), size - i);
            squares = S.MultiplyAdd(d, d, squares);
        }

        V scale = S.Create(1f / MathF.Sqrt(S.Sum(squares) / size + norm.Epsilon));
        for (int i = 0; i < size; i += S.Width)
        {
            V v = S.Multiply(S.Subtract(S.Load(from + i), mean), scale);
            v = Activate(S.MultiplyAdd(v, S.Load(norm.Gain + i), S.Load(norm.Bias + i)), activation);
            StoreFirst(y + i, v, size - i);
        }
    }

    /// <summary><c>x += other</c>.</summary>
    public static void Add(float* x, float* other, int size)
    {
        for (int i = 0; i < size; i += S.Width)
        {
            StoreFirst(x + i, S.Add(S.Load(x + i), S.Load(other + i)), size - i);
        }
    }

    /// <summary><c>x = max(x, other)</c>.</summary>
    public static void Max(float* x, float* other, int size)
    {
        for (int i = 0; i < size; i += S.Width)
        {
            StoreFirst(x + i, S.Max(S.Load(x + i), S.Load(other + i)), size - i);
        }
    }

    /// <summary>The epilogue of a matrix product, on a tile: bias, activation, scale, residual.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(
        float* c, nint stride, int rows, int columns, float* bias, float* scale, Activation activation, float* residual, nint residualStride)
    {
        for (int r = 0; r < rows; r++)
        {
            for (int i = 0; i < columns; i += S.Width)
            {
                V v = Activate(S.Add(S.Load(c + i), S.Load(bias + i)), activation);
                if (scale != null)
                {
                    v = S.Multiply(v, S.Load(scale + i));
                }

                if (residual != null)
                {
                    v = S.Add(v, S.Load(residual + i));
                }

                S.Store(c + i, v);
            }

            c += stride;
            residual = residual == null ? null : residual + residualStride;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Activate(V v, Activation activation) => activation switch
    {
        Activation.Gelu => VectorMath.Gelu<S, V>(v),
        Activation.Relu => S.Max(S.Create(0f), v),
        _ => v,
    };

    /// <summary>Stores a vector, or only its first lanes if fewer are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFirst(float* destination, V value, int count)
    {
        if (count >= S.Width)
        {
            S.Store(destination, value);
        }
        else
        {
            StoreRest(destination, value, count);
        }
    }

    private static void StoreRest(float* destination, V value, int count)
    {
        float* lanes = (float*)&value;
        for (int i = 0; i < count; i++)
        {
            destination[i] = lanes[i];
        }
    }
}
