using Data2Vec.Audio;
using Data2Vec.Recognition.Decoding;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Server.Models;

/// <summary>A decoder with its language model.</summary>
internal sealed record SpeechDecoder(CtcDecoder Decoder, NGramModel Model) : IDisposable
{
    private const string FolderExtension = ".lm";

    /// <summary>Opens the language model that a source names, or the one beside the model file.</summary>
    /// <returns>Null if there is none.</returns>
    public static SpeechDecoder? Open(SpeechModel model, ModelSource source)
    {
        string? path = source.LanguageModel;
        if (path is null && source.Path is { } file && Path.ChangeExtension(file, FolderExtension) is var beside && DecodingFolder.Exists(beside))
        {
            path = beside;
        }

        if (path is null)
        {
            return null;
        }

        CtcLabels labels = model.Ctc!;
        DecodingFolder? folder = Directory.Exists(path) ? DecodingFolder.Read(path) : null;
        if (folder?.LabelCount is { } count && count != labels.Texts.Count)
        {
            throw new InvalidDataException($"{path}: a decoder for {count} labels, and the model has {labels.Texts.Count}");
        }

        NGramModel words = NGramModel.Open(folder?.ModelPath ?? path);
        try
        {
            return new SpeechDecoder(
                new OpenVocabularyCtcDecoder(labels, words, folder is null ? words.ReadWords() : folder.ReadWords(words), folder?.Options ?? new OpenSearchOptions()), words);
        }
        catch
        {
            words.Dispose();
            throw;
        }
    }

    public void Dispose() => Model.Dispose();
}
