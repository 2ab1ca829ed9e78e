namespace Data2Vec.Audio.Wav2Vec2;

/// <summary>
/// The convolutions that make frames of samples (fairseq's <c>ConvFeatureExtractionModel</c>), then the norm and the projection of the features. It works piece
/// by piece: its first layer has many rows, and a minute of sound would take hundreds of megabytes. Each frame depends on a few hundred samples, and where the
/// first convolution is normalized over time, on its <see cref="RecordingMoments"/>, so the pieces give the same result.
/// </summary>
internal sealed class FeatureExtractor
{
    private readonly AudioConfig _config;
    private readonly int _framesAtOnce;
    private readonly ConvBlock[] _blocks;
    private readonly RecordingMoments? _moments;
    private readonly NormWeights? _featureNorm;
    private readonly LinearWeights? _projection;

    public FeatureExtractor(AudioConfig config, ParameterScope parameters, float epsilon)
    {
        _config = config;
        int features = config.FeatureExtractor[^1].OutputChannels;
        _framesAtOnce = Math.Max(1, parameters.PreferredConvolutionRows / (config.SamplesPerFrame / config.FeatureExtractor[0].Stride));
        _blocks = [.. config.FeatureExtractor.Select((shape, i) => new ConvBlock(
            parameters.Conv1d($"feature_extractor.{i}.conv", shape, config.HasExtractorBias, InitialValue.Kaiming(shape.FanIn)),
            config.ExtractorNorm == ExtractorNorm.Layer || i == 0 ? parameters.Norm($"feature_extractor.{i}.norm", shape.OutputChannels, epsilon) : null))];
        _moments = config.ExtractorNorm == ExtractorNorm.Group ? new RecordingMoments(_blocks[0].Conv, parameters.PreferredConvolutionRows) : null;
        _featureNorm = config.HasFeatureNorm ? parameters.Norm("feature_projection.norm", features, epsilon) : null;
        _projection = config.HasFeatureProjection
            ? parameters.Projection("feature_projection.linear", features, config.HiddenSize, InitialValue.Uniform(features))
            : null;
    }

    /// <summary>Turns recordings into frames, <c>[rows, hidden]</c>.</summary>
    public Tensor Extract(
        Inference run, IReadOnlyList<ReadOnlyMemory<float>> inputs, Sequences sequences, Observer? observer, CancellationToken cancellation)
    {
        Tensor x = run.Allocate(sequences.Rows, _config.HiddenSize);
        Tensor moments = _moments?.Of(run, inputs, cancellation) ?? Tensor.None;
        for (int piece = 0, first = 0; first < x.Rows; piece++, first += _framesAtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(_framesAtOnce, x.Rows - first);
            (List<ReadOnlyMemory<float>> samples, int recording) = SamplesOf(inputs, sequences, first, count);
            Tensor frames = x.SliceRows(first, count), ofPiece = moments.IsEmpty ? moments : moments.SliceRows(recording, samples.Count);
            run.Segment(new ModelPart(ModelPartKind.Features, piece), Tensor.None, _ => ExtractPiece(run, samples, ofPiece, frames, observer));
        }

        observer?.Point("features_proj", x);
        return x;
    }

    /// <summary>The samples that a range of frames depends on, separately for each recording, and the number of the first of these recordings.</summary>
    private (List<ReadOnlyMemory<float>> Samples, int FirstRecording) SamplesOf(
        IReadOnlyList<ReadOnlyMemory<float>> inputs, Sequences sequences, int first, int count)
    {
        var samples = new List<ReadOnlyMemory<float>>();
        int firstRecording = 0;
        for (int i = 0; i < inputs.Count; i++)
        {
            int begin = Math.Max(first - sequences.Start(i), 0), end = Math.Min(first + count - sequences.Start(i), sequences.Length(i));
            if (begin < end)
            {
                firstRecording = samples.Count == 0 ? i : firstRecording;
                samples.Add(inputs[i].Slice(begin * _config.SamplesPerFrame, _config.SamplesFor(end - begin)));
            }
        }

        return (samples, firstRecording);
    }

    private Tensor ExtractPiece(Inference run, List<ReadOnlyMemory<float>> samples, Tensor moments, Tensor output, Observer? observer)
    {
        long mark = run.Mark();
        Sequences sequences = run.Sequences([.. samples.Select(part => part.Length)]);
        Tensor x = Upload(run, samples, sequences);
        for (int i = 0; i < _blocks.Length; i++)
        {
            x = _blocks[i].Forward(run, x, ref sequences, i == 0 ? moments : Tensor.None);
            observer?.Point($"conv_layer{i}", x);
        }

        if (_featureNorm is not null)
        {
            Tensor normed = _projection is null ? output : run.Reuse(x);
            run.LayerNorm(x, _featureNorm, normed);
            x = normed;
            observer?.Point("features_ln", x);
        }

        if (_projection is not null)
        {
            run.Linear(x, _projection, output);
        }
        else if (_featureNorm is null)
        {
            run.Copy(x, output);
        }

        run.Release(mark);
        return output;
    }

    /// <summary>Samples as rows of one number.</summary>
    public static Tensor Upload(Inference run, List<ReadOnlyMemory<float>> samples, Sequences sequences)
    {
        Tensor x = run.Allocate(sequences.Rows, 1, ElementType.F32);
        for (int i = 0; i < samples.Count; i++)
        {
            run.Upload(samples[i].Span, x.SliceRows(sequences.Start(i), sequences.Length(i)));
        }

        return x;
    }

    /// <summary>Convolution, normalization, GELU.</summary>
    private readonly record struct ConvBlock(Conv1dWeights Conv, NormWeights? Norm)
    {
        /// <param name="run">The inference.</param>
        /// <param name="x">The rows.</param>
        /// <param name="sequences">Their sequences; becomes those of the result.</param>
        /// <param name="moments">Of each channel of a recording, for a normalization over time; none for one over the channels.</param>
        public Tensor Forward(Inference run, Tensor x, ref Sequences sequences, Tensor moments)
        {
            Sequences outputs = run.Sequences(sequences, Conv.Shape);
            Tensor output = run.Allocate(outputs.Rows, Conv.Shape.OutputChannels);
            if (moments.IsEmpty)
            {
                run.Conv1d(x, sequences, Conv, Norm, Activation.Gelu, output, outputs);
            }
            else
            {
                run.Conv1d(x, sequences, Conv, null, Activation.None, output, outputs);
                Tensor normed = run.Reuse(output);
                run.ChannelNorm(output, outputs, moments, Norm!, Activation.Gelu, normed);
                output = normed;
            }

            sequences = outputs;
            return output;
        }
    }
}
