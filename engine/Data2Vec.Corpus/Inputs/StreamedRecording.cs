using System.Security.Cryptography;
using Data2Vec.Audio;

namespace Data2Vec.Corpus;

/// <summary>A long recording, which is read once, in blocks. It takes the same memory whatever its length is.</summary>
internal sealed class StreamedRecording(string path, AudioReadOptions options) : AudioSource
{
    /// <summary>The SHA-256 of the file's bytes, after the recording was read.</summary>
    public string? Sha256 { get; private set; }

    public override void Read(AudioBlockReceiver receive)
    {
        using FileStream file = File.OpenRead(path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var stream = new HashedStream(file, hash);
        AudioFile.ReadBlocks(stream, receive, options);
        stream.CopyTo(Stream.Null);
        Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
