namespace Data2Vec.Audio.Wav2Vec2;

/// <summary>Convolutions over time whose result tells frames their positions (fairseq's <c>make_conv_pos</c>).</summary>
internal sealed class PositionalConvolution
{
    private readonly Conv1dWeights[] _convolutions;
    private readonly NormWeights? _norm, _scale;
    private readonly Tensor _unit;

    public PositionalConvolution(AudioConfig config, ParameterScope parameters, float epsilon)
    {
        int hidden = config.HiddenSize;
        _norm = config.HasPositionalNorm ? parameters.PlainNorm(hidden, epsilon) : null;
        if (config.HasPositionalScale)
        {
            // A normalization by a mean of 0 and a variance of 1 is the scale and the shift alone.
            _scale = parameters.Norm("positional_convolution.scale", hidden, 0);
            _unit = parameters.Activations(1, 2 * hidden, () => [.. Enumerable.Repeat(0f, hidden), .. Enumerable.Repeat(1f, hidden)]);
        }

        _convolutions = [.. config.PositionalConvolution.Select((shape, i) =>
            parameters.Conv1d($"positional_convolution.{i}.conv", shape, hasBias: true, InitialValue.Uniform(shape.FanIn)))];
    }

    /// <summary>What is added to frames, <c>[rows, hidden]</c>.</summary>
    public Tensor Forward(Inference run, Tensor x, Sequences frames)
    {
        if (_scale is not null)
        {
            Tensor scaled = run.Allocate(x.Rows, x.Columns);
            run.ChannelNorm(x, run.Sequences([x.Rows]), _unit, _scale, Activation.None, scaled);
            x = scaled;
        }

        foreach (Conv1dWeights convolution in _convolutions)
        {
            // As many outputs as inputs: an even kernel has one more, which is not computed.
            Tensor output = run.Allocate(x.Rows, x.Columns);
            run.Conv1d(x, frames, convolution, _norm, Activation.Gelu, output, frames);
            x = output;
        }

        return x;
    }
}
