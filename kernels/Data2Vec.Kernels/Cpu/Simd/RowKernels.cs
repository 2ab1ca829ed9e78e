using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Operations on one row of activations.</summary>
internal static unsafe class RowKernels<S, V>
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary><c>y = activation((x + residual - mean) / sqrt(variance + epsilon) * gain + bias)</c>; y may be x.</summary>
    /// <param name="x">The row.</param>
    /// <param name="residual">Added to the row; or null.</param>
    /// <param name="norm">The normalization.</param>
    /// <param name="activation">The activation.</param>
    /// <param name="y">Receives the result.</param>
    /// <param name="normalized">Receives the row before gain and bias; may be <paramref name="x"/>, but not <paramref name="y"/>; or null.</param>
    /// <returns><c>1 / sqrt(variance + epsilon)</c>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Normalize(float* x, float* residual, in NormValues norm, Activation activation, float* y, float* normalized = null)
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

        float factor = 1f / MathF.Sqrt(S.Sum(squares) / size + norm.Epsilon);
        V scale = S.Create(factor);
        for (int i = 0; i < size; i += S.Width)
        {
            V v = S.Multiply(S.Subtract(S.Load(from + i), mean), scale);
            if (normalized != null)
            {
                StoreFirst(normalized + i, v, size - i);
            }

            v = Activate(S.MultiplyAdd(v, S.Load(norm.Gain + i), S.Load(norm.Bias + i)), activation);
            StoreFirst(y + i, v, size - i);
        }

        return factor;
    }

    /// <summary>The gradient of a normalized row; adds to the sums of the gradients of gain and bias.</summary>
    /// <param name="normalized">The row that was kept.</param>
    /// <param name="factor">The factor that was kept.</param>
    /// <param name="norm">The normalization.</param>
    /// <param name="activation">The activation.</param>
    /// <param name="dy">The gradient of the result.</param>
    /// <param name="row">Memory for one row.</param>
    /// <param name="dGain">The sum of the gradients of the gain; or null.</param>
    /// <param name="dBias">The sum of the gradients of the bias; or null.</param>
    /// <param name="dx">Receives the gradient; may be <paramref name="dy"/>; or null.</param>
    /// <param name="accumulate">Whether to add to <paramref name="dx"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NormalizeBackward(
        float* normalized, float factor, in NormValues norm, Activation activation, float* dy, float* row, float* dGain, float* dBias, float* dx, bool accumulate)
    {
        int size = norm.Size;
        V sum = S.Create(0f), products = S.Create(0f);
        for (int i = 0; i < size; i += S.Width)
        {
            V x = S.Load(normalized + i), gain = S.Load(norm.Gain + i), d = S.Load(dy + i);
            if (activation != Activation.None)
            {
                d = S.Multiply(d, ActivationDerivative(S.MultiplyAdd(x, gain, S.Load(norm.Bias + i)), activation));
            }

            if (dGain != null)
            {
                StoreFirst(dGain + i, S.MultiplyAdd(d, x, S.Load(dGain + i)), size - i);
            }

            if (dBias != null)
            {
                StoreFirst(dBias + i, S.Add(d, S.Load(dBias + i)), size - i);
            }

            d = S.KeepFirst(S.Multiply(d, gain), size - i);
            S.Store(row + i, d);
            sum = S.Add(sum, d);
            products = S.MultiplyAdd(d, S.KeepFirst(x, size - i), products);
        }

        if (dx == null)
        {
            return;
        }

        V mean = S.Create(S.Sum(sum) / size), slope = S.Create(S.Sum(products) / size), scale = S.Create(factor);
        for (int i = 0; i < size; i += S.Width)
        {
            V d = S.Subtract(S.Subtract(S.Load(row + i), mean), S.Multiply(S.Load(normalized + i), slope));
            d = S.Multiply(d, scale);
            StoreFirst(dx + i, accumulate ? S.Add(d, S.Load(dx + i)) : d, size - i);
        }
    }

    /// <summary><c>y = activation(x)</c>; y may be x.</summary>
    public static void Activate(float* x, int size, Activation activation, float* y)
    {
        for (int i = 0; i < size; i += S.Width)
        {
            StoreFirst(y + i, Activate(S.Load(x + i), activation), size - i);
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

    /// <summary><c>dx = dy * scale * activation'(x)</c>; dx may be dy, and there may be no scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Differentiate(float* x, Activation activation, float* scale, float* dy, float* dx, int size)
    {
        for (int i = 0; i < size; i += S.Width)
        {
            V v = S.Load(dy + i);
            if (scale != null)
            {
                v = S.Multiply(v, S.Load(scale + i));
            }

            if (activation != Activation.None)
            {
                v = S.Multiply(v, ActivationDerivative(S.Load(x + i), activation));
            }

            StoreFirst(dx + i, v, size - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Activate(V v, Activation activation) => activation switch
    {
        Activation.Gelu => VectorMath.Gelu<S, V>(v),
        Activation.Relu => S.Max(S.Create(0f), v),
        _ => v,
    };

    /// <summary>The derivative of an activation; that of <see cref="Activation.Relu"/> is 0 at 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V ActivationDerivative(V v, Activation activation) => activation switch
    {
        Activation.Gelu => VectorMath.GeluDerivative<S, V>(v),
        Activation.Relu => S.Step(v),
        _ => S.Create(1f),
    };

    /// <summary>Stores a vector, or only its first lanes if fewer are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(float* destination, V value, int count)
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
