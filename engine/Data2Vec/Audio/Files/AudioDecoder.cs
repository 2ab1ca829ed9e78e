namespace Data2Vec.Audio;

/// <summary>
/// Decodes one audio format for <see cref="AudioFile"/>. <c>Data2Vec</c> has decoders for uncompressed formats. The package <c>Data2Vec.Audio.Codecs</c> has
/// decoders for compressed ones. A program may add its own.
/// </summary>
public abstract class AudioDecoder
{
    /// <summary>Whether a file is in this format.</summary>
    /// <param name="start">The first bytes of the file, up to 4096, after an ID3 tag if there is one.</param>
    public abstract bool Recognizes(ReadOnlySpan<byte> start);

    /// <summary>Whether the decoder also decodes the <c>data</c> chunk of WAV files with a codec.</summary>
    /// <param name="codec">The codec number (WAVE_FORMAT_... in Microsoft's mmreg.h), for example 0x55 for MP3.</param>
    public virtual bool DecodesWavCodec(int codec) => false;

    /// <summary>Decodes a file.</summary>
    /// <param name="stream">The file from its first byte. It need not be seekable, and may return fewer bytes than asked for.</param>
    /// <param name="output">Takes the samples.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or uses a feature that is not supported.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public abstract void Decode(Stream stream, WaveformBuilder output);
}
