namespace Data2Vec.Audio.Codecs;

/// <summary>Decodes one channel of a frame (RFC 9639, section 9.2).</summary>
internal static class FlacSubframe
{
    private const int MaxOrder = 32;

    // Each sample is predicted from the ones before it, the latest first (section 9.2.5).
    private static readonly int[][] s_fixed = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

    /// <summary>Decodes a subframe.</summary>
    /// <param name="reader">The frame.</param>
    /// <param name="bits">The bits of a sample; one more for the difference of two channels.</param>
    /// <param name="samples">Takes the samples.</param>
    public static void Decode(FlacReader reader, int bits, Span<long> samples)
    {
        if (reader.Read(1) != 0)
        {
            throw Damaged("does not begin with a zero bit");
        }

        int type = (int)reader.Read(6);
        int wasted = reader.Read(1) == 0 ? 0 : reader.ReadUnary() + 1;
        if (wasted >= bits)
        {
            throw Damaged($"wastes {wasted} bits of {bits}");
        }

        bits -= wasted;
        switch (type)
        {
            case 0:
                samples.Fill(reader.ReadSigned(bits));
                break;
            case 1:
                ReadVerbatim(reader, bits, samples);
                break;
            case >= 8 and <= 12:
                ReadPredicted(reader, bits, samples, type - 8, isFixed: true);
                break;
            case >= 32:
                ReadPredicted(reader, bits, samples, type - 31, isFixed: false);
                break;
            default:
                throw Damaged($"has the reserved type {type}");
        }

        if (wasted > 0)
        {
            foreach (ref long sample in samples)
            {
                sample <<= wasted;
            }
        }
    }

    private static void ReadVerbatim(FlacReader reader, int bits, Span<long> samples)
    {
        foreach (ref long sample in samples)
        {
            sample = reader.ReadSigned(bits);
        }
    }

    private static void ReadPredicted(FlacReader reader, int bits, Span<long> samples, int order, bool isFixed)
    {
        if (order > samples.Length)
        {
            throw Damaged($"has a predictor of order {order} for {samples.Length} samples");
        }

        ReadVerbatim(reader, bits, samples[..order]);
        int shift = 0;
        Span<long> coefficients = stackalloc long[MaxOrder];
        coefficients = coefficients[..order];
        if (isFixed)
        {
            for (int i = 0; i < order; i++)
            {
                coefficients[i] = s_fixed[order][i];
            }
        }
        else
        {
            int precision = (int)reader.Read(4) + 1;
            shift = (int)reader.ReadSigned(5);
            if (precision > 15 || shift < 0)
            {
                throw Damaged("has coefficients with a reserved precision or shift");
            }

            ReadVerbatim(reader, precision, coefficients);
        }

        ReadResidual(reader, samples, order);
        coefficients.Reverse();
        Predict(samples, coefficients, shift);
    }

    private static void ReadResidual(FlacReader reader, Span<long> samples, int order)
    {
        int parameterBits = reader.Read(2) switch
        {
            0 => 4,
            1 => 5,
            _ => throw Damaged("has a residual of a reserved coding method"),
        };
        int escape = (1 << parameterBits) - 1, partitionOrder = (int)reader.Read(4);
        int length = samples.Length >> partitionOrder;
        if (length << partitionOrder != samples.Length || length < order)
        {
            throw Damaged($"divides {samples.Length} samples into {1 << partitionOrder} partitions");
        }

        int start = order;
        for (int end = length; end <= samples.Length; end += length)
        {
            Span<long> partition = samples[start..end];
            int parameter = (int)reader.Read(parameterBits);
            if (parameter == escape)
            {
                ReadVerbatim(reader, (int)reader.Read(5), partition);
            }
            else
            {
                reader.ReadRice(partition, parameter);
            }

            start = end;
        }
    }

    /// <summary>Adds the predictions to the residuals. Numbers are wide enough for all files that are not damaged: 33 + 15 + 5 bits.</summary>
    /// <param name="samples">The first samples, then the residuals.</param>
    /// <param name="coefficients">The coefficients, the earliest sample's first.</param>
    /// <param name="shift">The bits after the binary point of the coefficients.</param>
    private static void Predict(Span<long> samples, ReadOnlySpan<long> coefficients, int shift)
    {
        int order = coefficients.Length;
        if (order == 0)
        {
            return;
        }

        for (int i = order; i < samples.Length; i++)
        {
            ReadOnlySpan<long> before = samples.Slice(i - order, order);
            long sum = 0;
            for (int j = 0; j < coefficients.Length && j < before.Length; j++)
            {
                sum += coefficients[j] * before[j];
            }

            samples[i] += sum >> shift;
        }
    }

    private static InvalidDataException Damaged(string what) => new($"a subframe {what}; the file is damaged");
}
