namespace Data2Vec.Converters.Checkpoints;

/// <summary>
/// Computes tensors that checkpoints keep in parts: the weights of a convolution with weight normalization (Salimans and Kingma 2016), in both spellings of
/// PyTorch, and the scale and shift of a batch normalization (Ioffe and Szegedy 2015) with its running statistics. All in f32 or more, whatever the file has.
/// </summary>
internal static class FoldedWeights
{
    private const string Mean = ".running_mean", Variance = ".running_var", Count = ".num_batches_tracked", Weight = ".weight", Bias = ".bias";

    /// <summary>The spellings: the norm, and the direction.</summary>
    private static readonly (string Norm, string Direction)[] s_spellings =
        [(".weight_g", ".weight_v"), (".parametrizations.weight.original0", ".parametrizations.weight.original1")];

    /// <summary>The weights with computed tensors under the names that they have without the normalizations.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="prefix">What the names of the modules begin with.</param>
    /// <exception cref="InvalidDataException">A part is missing, or the shapes do not fit.</exception>
    public static Weights Fold(Weights weights, string prefix)
    {
        var replaced = new HashSet<string>(StringComparer.Ordinal);
        var computed = new List<(string, string, CheckpointTensor)>();
        foreach (string name in weights.Names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            foreach ((string norm, string direction) in s_spellings)
            {
                if (Module(name, norm) is { } ofNorm)
                {
                    Require(name, ofNorm + direction);
                }
                else if (Module(name, direction) is { } module)
                {
                    CheckpointTensor length = Require(name, module + norm), vector = weights.Find(name)!;
                    computed.Add((module + Weight, weights.OriginalName(name), Named(name, () => new NormedWeight(vector, length))));
                    replaced.UnionWith([name, module + norm]);
                }
            }

            if (Module(name, Variance) is { } batchNorm)
            {
                var norm = Named(name, () => new RunningNorm(
                    Require(name, batchNorm + Weight), Require(name, batchNorm + Bias), Require(name, batchNorm + Mean), weights.Find(name)!));
                computed.Add((batchNorm + Weight, weights.OriginalName(batchNorm + Weight), new FoldedNorm(norm, isShift: false)));
                computed.Add((batchNorm + Bias, weights.OriginalName(batchNorm + Bias), new FoldedNorm(norm, isShift: true)));
                replaced.UnionWith([name, batchNorm + Mean, batchNorm + Count, batchNorm + Weight, batchNorm + Bias]);
            }
        }

        return computed.Count == 0 ? weights : weights.With(replaced.Contains, computed);

        CheckpointTensor Require(string beside, string name) => weights.Find(name)
            ?? throw new InvalidDataException($"{weights.Label(name)} is missing, which belongs to {weights.Label(beside)}");

        T Named<T>(string name, Func<T> create) => InvalidData.Named(weights.Label(name), create);
    }

    private static string? Module(string name, string suffix) => name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : null;

    /// <summary>The type of a result: f32, or that of an operand that is not of floating-point numbers.</summary>
    private static CheckpointType TypeOf(params ReadOnlySpan<CheckpointTensor> operands)
    {
        foreach (CheckpointTensor operand in operands)
        {
            if (operand.Type is not (CheckpointType.F64 or CheckpointType.F32 or CheckpointType.F16 or CheckpointType.BF16))
            {
                return operand.Type;
            }
        }

        return CheckpointType.F32;
    }

    /// <summary><c>direction * length / ||direction||</c>, with a length for each index of one dimension.</summary>
    private sealed class NormedWeight : CheckpointTensor
    {
        private const int BlockSize = 1 << 14;

        private readonly CheckpointTensor _direction, _length;
        private readonly long _inner;
        private float[]? _factors;

        public NormedWeight(CheckpointTensor direction, CheckpointTensor length)
            : base(TypeOf(direction, length), [.. direction.Shape])
        {
            (_direction, _length) = (direction, length);
            bool fits = length.Shape.Count == direction.Shape.Count
                && length.Shape.Zip(direction.Shape).All(sizes => sizes.First == 1 || sizes.First == sizes.Second)
                && length.Shape.Count(size => size != 1) <= 1 && direction.Count > 0 && length.Count <= Limits.Size;
            InvalidData.ThrowIf(!fits, $"the shape [{string.Join(", ", direction.Shape)}] does not fit norms of the shape [{string.Join(", ", length.Shape)}]");
            int dimension = length.Shape.Index().FirstOrDefault(size => size.Item != 1).Index;
            _inner = direction.Shape.Skip(dimension + 1).Aggregate(1L, (product, size) => product * size);
        }

        internal override bool RepeatsNumbers => _direction.RepeatsNumbers || _length.RepeatsNumbers;

        public override void Read(long start, Span<float> destination)
        {
            _factors ??= Factors();
            _direction.Read(start, destination);
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] *= _factors[Index(start + i)];
            }
        }

        internal override void Verify()
        {
            _direction.Verify();
            _length.Verify();
        }

        private int Index(long place) => (int)(place / _inner % _length.Count);

        private float[] Factors()
        {
            var squares = new double[_length.Count];
            var factors = new float[_length.Count];
            var block = new float[(int)Math.Min(BlockSize, Count)];
            for (long start = 0; start < Count; start += block.Length)
            {
                Span<float> part = block.AsSpan(0, (int)Math.Min(block.Length, Count - start));
                _direction.Read(start, part);
                for (int i = 0; i < part.Length; i++)
                {
                    squares[Index(start + i)] += (double)part[i] * part[i];
                }
            }

            _length.Read(0, factors);
            for (int i = 0; i < factors.Length; i++)
            {
                factors[i] = (float)(factors[i] / Math.Sqrt(squares[i]));
            }

            return factors;
        }
    }

    /// <summary>The tensors of a batch normalization.</summary>
    private sealed record RunningNorm
    {
        public RunningNorm(CheckpointTensor weight, CheckpointTensor bias, CheckpointTensor mean, CheckpointTensor variance)
        {
            Tensors = [weight, bias, mean, variance];
            InvalidData.ThrowIf(
                weight.Shape.Count != 1 || weight.Count > Limits.Size || Tensors.Any(tensor => !tensor.Shape.SequenceEqual(weight.Shape)),
                $"the tensors of a batch normalization have the shapes {string.Join(", ", Tensors.Select(tensor => $"[{string.Join(", ", tensor.Shape)}]"))}");
        }

        public CheckpointTensor[] Tensors { get; }
    }

    /// <summary>The scale <c>weight / sqrt(variance + 1e-5)</c>, or the shift <c>bias - mean * scale</c>.</summary>
    private sealed class FoldedNorm(RunningNorm norm, bool isShift) : CheckpointTensor(TypeOf(norm.Tensors), [.. norm.Tensors[0].Shape])
    {
        private const double Epsilon = 1e-5;

        internal override bool RepeatsNumbers => norm.Tensors.Any(tensor => tensor.RepeatsNumbers);

        public override void Read(long start, Span<float> destination)
        {
            int count = destination.Length;
            float[][] parts = [.. norm.Tensors.Select(tensor =>
            {
                var numbers = new float[count];
                tensor.Read(start, numbers);
                return numbers;
            })];
            for (int i = 0; i < count; i++)
            {
                double scale = parts[0][i] / Math.Sqrt(parts[3][i] + Epsilon);
                destination[i] = (float)(isShift ? parts[1][i] - parts[2][i] * scale : scale);
            }
        }

        internal override void Verify()
        {
            foreach (CheckpointTensor tensor in norm.Tensors)
            {
                tensor.Verify();
            }
        }
    }
}
