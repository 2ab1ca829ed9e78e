using System.Text;
using Google.Protobuf;

namespace Data2Vec.Text;

/// <summary>
/// Reads the model of a SentencePiece tokenizer (<c>sentencepiece_model.proto</c>) as XLM-R uses it. Settings that would produce other ids are refused.
/// </summary>
internal static class SentencePieceFile
{
    private const string Name = "sentencepiece.bpe.model";

    /// <summary>The ids that fairseq puts before the pieces, and SentencePiece's first three pieces, which they replace.</summary>
    private static readonly string[] s_first = [TokenizerVocabulary.Begin, TokenizerVocabulary.Pad, TokenizerVocabulary.End, TokenizerVocabulary.Unknown];
    private static readonly string[] s_replaced = [TokenizerVocabulary.Unknown, TokenizerVocabulary.Begin, TokenizerVocabulary.End];

    private enum PieceType
    {
        Normal = 1,
        Unknown = 2,
        Control = 3,
        UserDefined = 4,
        Unused = 5,
        Byte = 6,
    }

    public static TextTokenizer Read(ReadOnlyMemory<byte> file)
    {
        var place = new FilePlace(Name);
        if (file.Length > TextTokenizer.MaxFileBytes)
        {
            throw place.Error($"{file.Length} bytes, more than the {TextTokenizer.MaxFileBytes} supported");
        }

        var pieces = new List<(string Text, float Score, PieceType Type)>();
        ByteString map = ByteString.Empty;
        try
        {
            Each(file.ToArray(), (field, input) =>
            {
                switch (field)
                {
                    case 1:
                        pieces.Add(pieces.Count < TokenizerFile.MaxEntries ? Piece(input.ReadBytes()) : throw place.Error($"more than the {TokenizerFile.MaxEntries} entries supported"));
                        return true;
                    case 2:
                        CheckTrainer(input.ReadBytes(), place);
                        return true;
                    case 3:
                        map = Normalizer(input.ReadBytes(), place);
                        return true;
                    default:
                        return false;
                }
            });
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or DecoderFallbackException)
        {
            throw new InvalidDataException($"{place}: not a model of SentencePiece, or damaged: {error.Message}", error);
        }

        if (!pieces.Take(s_replaced.Length).Select(piece => piece.Text).SequenceEqual(s_replaced))
        {
            throw place.Error($"the first pieces are not {string.Join(", ", s_replaced)}, as in XLM-R");
        }

        UnigramVocabulary vocabulary = new();
        foreach (string name in s_first)
        {
            vocabulary.Add(name, null, place);
        }

        foreach ((int i, (string text, float score, PieceType type)) in pieces.Index().Skip(s_replaced.Length))
        {
            var here = new FilePlace(Name, "piece", i);
            vocabulary.Add(text, type switch
            {
                PieceType.Normal => score,
                PieceType.Control or PieceType.Unused or PieceType.Unknown => null,
                _ => throw here.Error($"{text.Quote()} is of the type {type}, which is not supported"),
            }, here);
        }

        vocabulary.Add(TokenizerVocabulary.Mask, null, place);
        return UnigramTokenizer.Create(vocabulary, map.Memory, new UnigramOptions { SinglePrecision = true }, Name);
    }

    private static (string Text, float Score, PieceType Type) Piece(ByteString message)
    {
        (string Text, float Score, PieceType Type) piece = ("", 0, PieceType.Normal);
        Each(message, (field, input) =>
        {
            switch (field)
            {
                case 1:
                    // Throws where the bytes are not UTF-8.
                    piece.Text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(input.ReadBytes().Span);
                    return true;
                case 2:
                    piece.Score = input.ReadFloat();
                    return true;
                case 3:
                    piece.Type = (PieceType)input.ReadEnum();
                    return true;
                default:
                    return false;
            }
        });
        return piece;
    }

    private static void CheckTrainer(ByteString message, FilePlace place)
    {
        const int Unigram = 1;
        Each(message, (field, input) =>
        {
            string? fault = field switch
            {
                3 => input.ReadEnum() is var type && type != Unigram ? $"the model is of the type {type}; only unigram models, type {Unigram}, are supported" : "",
                24 => input.ReadBool() ? "treat_whitespace_as_suffix is true, which is not supported" : "",
                35 => input.ReadBool() ? "byte_fallback is true, which is not supported" : "",
                _ => null,
            };
            return fault is null or "" ? fault is not null : throw place.Error(fault);
        });
    }

    private static ByteString Normalizer(ByteString message, FilePlace place)
    {
        ByteString map = ByteString.Empty;
        Each(message, (field, input) =>
        {
            switch (field)
            {
                case 2:
                    map = input.ReadBytes();
                    return true;
                case 3 or 4 or 5:
                    string name = field == 3 ? "add_dummy_prefix" : field == 4 ? "remove_extra_whitespaces" : "escape_whitespaces";
                    return input.ReadBool() ? true : throw place.Error($"{name} is false, which is not supported");
                default:
                    return false;
            }
        });
        return map;
    }

    private static void Each(ByteString message, Func<int, CodedInputStream, bool> read) => Each(message.ToByteArray(), read);

    /// <summary>Calls back for each field of a message; what is not read is skipped.</summary>
    private static void Each(byte[] message, Func<int, CodedInputStream, bool> read)
    {
        using var input = new CodedInputStream(message);
        for (uint tag; (tag = input.ReadTag()) != 0;)
        {
            if (!read(WireFormat.GetTagFieldNumber(tag), input))
            {
                input.SkipLastField();
            }
        }
    }
}
