using Data2Vec.Kernels;
using Data2Vec.Memes.Ocr;

namespace Data2Vec.Memes;

/// <summary>How a system that scores memes is loaded.</summary>
public sealed record MemeOptions
{
    /// <summary>What reads the text of memes that come without; null where all come with theirs. It is not disposed of.</summary>
    public ITextRecognizer? TextRecognizer { get; init; }

    /// <summary>The device to run on; the CPU where none is given.</summary>
    public Backend? Backend { get; init; }

    /// <summary>Threads of the CPU backend, the caller's included; 0 for one a core.</summary>
    public int Threads { get; init; }
}
