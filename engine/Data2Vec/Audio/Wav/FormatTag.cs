namespace Data2Vec.Audio;

/// <summary>The codec numbers of a WAV file's <c>fmt </c> chunk (WAVE_FORMAT_... in Microsoft's mmreg.h).</summary>
internal static class FormatTag
{
    public const int Pcm = 0x0001;
    public const int IeeeFloat = 0x0003;
    public const int ALaw = 0x0006;
    public const int MuLaw = 0x0007;

    /// <summary>The real number stands at the start of the sub-format GUID.</summary>
    public const int Extensible = 0xFFFE;

    /// <summary>What people call the codec.</summary>
    public static string Name(int tag) => tag switch
    {
        Pcm => "PCM",
        IeeeFloat => "IEEE float",
        ALaw => "A-law",
        MuLaw => "mu-law",
        0x0002 => "Microsoft ADPCM",
        0x0011 => "IMA ADPCM",
        0x0014 => "G.723 ADPCM",
        0x0017 => "OKI ADPCM",
        0x0020 => "Yamaha ADPCM",
        0x0022 => "TrueSpeech",
        0x0031 => "GSM 6.10",
        0x0040 => "G.721 ADPCM",
        0x0045 or 0x0064 => "G.726 ADPCM",
        0x0065 => "G.722 ADPCM",
        0x0050 => "MPEG audio",
        0x0055 => "MP3",
        0x00FF => "AAC",
        >= 0x0160 and <= 0x0163 => "Windows Media Audio",
        0x2000 => "AC-3",
        0x2001 => "DTS",
        0xF1AC => "FLAC",
        _ => $"codec 0x{tag:X4}",
    };
}
