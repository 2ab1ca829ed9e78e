namespace Data2Vec.Audio;

/// <summary>How a WAV file writes one sample, little-endian.</summary>
internal enum SampleEncoding
{
    /// <summary>Unsigned 8-bit PCM, 128 being silence.</summary>
    Pcm8,

    /// <summary>Signed 16-bit PCM.</summary>
    Pcm16,

    /// <summary>Signed 24-bit PCM in three bytes.</summary>
    Pcm24,

    /// <summary>Signed 32-bit PCM.</summary>
    Pcm32,

    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>IEEE 754 binary64.</summary>
    Float64,

    /// <summary>ITU-T G.711 A-law, a byte a sample.</summary>
    ALaw,

    /// <summary>ITU-T G.711 mu-law, a byte a sample.</summary>
    MuLaw,
}
