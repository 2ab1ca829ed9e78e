namespace Data2Vec.Audio;

/// <summary>The codecs of WAV files.</summary>
internal static class WavCodec
{
    /// <summary>The name of a codec, for error messages.</summary>
    public static string Name(int codec) => codec switch
    {
        WavFormat.Pcm => "PCM",
        WavFormat.IeeeFloat => "IEEE float",
        WavFormat.ALaw => "A-law",
        WavFormat.MuLaw => "mu-law",
        WavFormat.MicrosoftAdpcm => "Microsoft ADPCM",
        WavFormat.ImaAdpcm => "IMA ADPCM",
        WavFormat.Gsm => "GSM 6.10",
        0x0014 => "G.723 ADPCM",
        0x0017 => "OKI ADPCM",
        0x0020 => "Yamaha ADPCM",
        0x0022 => "TrueSpeech",
        0x0040 => "G.721 ADPCM",
        0x0045 or 0x0064 => "G.726 ADPCM",
        0x0065 => "G.722 ADPCM",
        0x0050 => "MPEG audio",
        0x0055 => "MP3",
        0x00FF or 0x1600 or 0x1610 => "AAC",
        >= 0x0160 and <= 0x0163 => "Windows Media Audio",
        0x2000 => "AC-3",
        0x2001 => "DTS",
        >= 0x674F and <= 0x6771 => "Vorbis",
        0xF1AC => "FLAC",
        _ => $"codec 0x{codec:X4}",
    };
}
