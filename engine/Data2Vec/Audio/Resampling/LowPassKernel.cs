namespace Data2Vec.Audio;

/// <summary>
/// The impulse response of a low-pass filter: a sinc under a Kaiser window. Kaiser's formulas give the window's shape and length
/// (Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.5.3).
/// </summary>
internal sealed class LowPassKernel
{
    private const double AttenuationDecibels = 100;

    // Flat up to 90 % of the Nyquist frequency of the lower rate (7.2 of 8 kHz), and closed from that frequency on. The result then
    // contains no aliases, and no images of the input's spectrum.
    private const double PassBand = 0.9;

    private readonly double _cutoff; // the middle of the transition, in cycles per input sample
    private readonly double _beta;

    /// <summary>Designs the filter for a conversion between two sample rates in Hz.</summary>
    public LowPassKernel(int inputRate, int outputRate)
    {
        double nyquist = 0.5 * Math.Min(inputRate, outputRate) / inputRate;
        double transition = 2 * Math.PI * (1 - PassBand) * nyquist; // radians per input sample
        _cutoff = nyquist * (1 + PassBand) / 2;
        _beta = 0.1102 * (AttenuationDecibels - 8.7);
        HalfWidth = (AttenuationDecibels - 7.95) / (2.285 * transition) / 2;
    }

    /// <summary>The response is 0 beyond this time on either side of 0, in input samples.</summary>
    public double HalfWidth { get; }

    /// <summary>The response at a time in input samples. The responses at all input samples add up to 1.</summary>
    public double At(double time)
    {
        double position = time / HalfWidth;
        if (Math.Abs(position) >= 1)
        {
            return 0;
        }

        double window = BesselI0(_beta * Math.Sqrt(1 - position * position)) / BesselI0(_beta);
        double angle = 2 * Math.PI * _cutoff * time;
        double sinc = angle == 0 ? 1 : Math.Sin(angle) / angle;
        return 2 * _cutoff * sinc * window;
    }

    /// <summary>The modified Bessel function of order 0, computed by its power series.</summary>
    private static double BesselI0(double x)
    {
        double quarter = x * x / 4, term = 1, sum = 1;
        for (int k = 1; term > 1e-17 * sum; k++)
        {
            term *= quarter / ((double)k * k);
            sum += term;
        }

        return sum;
    }
}
