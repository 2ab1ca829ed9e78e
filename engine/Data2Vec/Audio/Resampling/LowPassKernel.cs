namespace Data2Vec.Audio;

/// <summary>
/// The impulse response of a low-pass filter as a function of time: a sinc under a Kaiser window, the window's shape
/// and length by Kaiser's formulas (Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.5.3).
/// </summary>
internal sealed class LowPassKernel
{
    private const double AttenuationDecibels = 100;

    // Flat up to nine tenths of the lower rate's Nyquist frequency (7.2 kHz of 8 kHz), silent from that frequency on:
    // nothing folds back into the result, and no image of the input's spectrum is left in it.
    private const double PassBand = 0.9;

    private readonly double _cutoff; // the middle of the transition, in cycles per input sample
    private readonly double _beta;

    /// <summary>Designs the filter for a change from one sample rate to another, both in Hz.</summary>
    public LowPassKernel(int inputRate, int outputRate)
    {
        double nyquist = 0.5 * Math.Min(inputRate, outputRate) / inputRate;
        double transition = 2 * Math.PI * (1 - PassBand) * nyquist; // radians per input sample
        _cutoff = nyquist * (1 + PassBand) / 2;
        _beta = 0.1102 * (AttenuationDecibels - 8.7);
        HalfWidth = (AttenuationDecibels - 7.95) / (2.285 * transition) / 2;
    }

    /// <summary>The time on either side of 0, in input samples, beyond which the response is 0.</summary>
    public double HalfWidth { get; }

    /// <summary>The response at a time in input samples; over all input samples it sums to 1.</summary>
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

    /// <summary>The modified Bessel function of order 0, by its power series.</summary>
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
