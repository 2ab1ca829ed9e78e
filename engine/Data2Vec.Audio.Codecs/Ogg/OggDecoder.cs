namespace Data2Vec.Audio.Codecs;

/// <summary>
/// Decodes Ogg files with Opus, Vorbis or FLAC. Of streams side by side, such as those of a video, the first one with sound is decoded. Streams one after another
/// are joined.
/// </summary>
internal sealed class OggDecoder : AudioDecoder
{
    /// <inheritdoc/>
    public override bool Recognizes(ReadOnlySpan<byte> start) => start.StartsWith("OggS"u8);

    /// <inheritdoc/>
    public override void Decode(Stream stream, WaveformBuilder output)
    {
        var pages = new OggPageReader(stream);
        OggPage? page = pages.Next();
        do
        {
            if (page is not { IsFirst: true })
            {
                throw new InvalidDataException("the file does not begin with the first page of a stream; it is damaged or a part of a file");
            }

            OggPage? chosen = null;
            string? other = null;
            for (; page is { IsFirst: true }; page = pages.Next())
            {
                chosen ??= CodecOf(page) is not null ? page : null;
                other ??= NameOf(page.Body);
            }

            if (chosen is null)
            {
                throw new InvalidDataException($"{other ?? "a codec of unknown name"} in an Ogg file is not supported; convert it: ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav");
            }

            output.Announce(OggLength.Find(stream, chosen.Serial));
            var packets = new OggPackets(pages, chosen, page, output.Warn);
            CodecOf(chosen)!(packets, output);
            page = packets.SkipToNextStream();
        }
        while (page is not null);
    }

    private static Action<OggPackets, WaveformBuilder>? CodecOf(OggPage page) => page.Body switch
    {
        _ when page.Body.AsSpan().StartsWith("OpusHead"u8) => OggOpus.Decode,
        _ when page.Body.AsSpan().StartsWith("\u0001vorbis"u8) => OggVorbis.Decode,
        _ when page.Body.AsSpan().StartsWith("\u007FFLAC"u8) => OggFlac.Decode,
        _ => null,
    };

    private static string? NameOf(ReadOnlySpan<byte> start) => start switch
    {
        _ when start.StartsWith("Speex   "u8) => "Speex",
        _ when start.Length > 7 && start[1..].StartsWith("theora"u8) => "Theora video",
        _ when start.StartsWith("CELT    "u8) => "CELT",
        _ when start.StartsWith("PCM     "u8) => "PCM",
        _ => null,
    };
}
