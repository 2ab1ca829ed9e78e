using Data2Vec.Audio;

namespace Data2Vec.Corpus;

/// <summary>Finds options that a model does not accept before any input is run, which would otherwise be an error of each input.</summary>
internal static class TaskChecks
{
    /// <summary>Runs no inputs, and one that every model accepts.</summary>
    /// <exception cref="ArgumentException">An option is out of range, or does not apply to the model.</exception>
    public static void Check(Data2VecModel model, InputOptions options)
    {
        try
        {
            switch (model)
            {
                case SpeechModel speech:
                    speech.MakeReady(new Waveform(new float[speech.SampleRate], speech.SampleRate), options, default);
                    break;
                case TextModel { Tokenizer: null }:
                    throw new InvalidDataException("the model has no tokenizer; convert its checkpoint with one");
                case TextModel text:
                    text.MakeReady("a", options, default);
                    break;
            }

            if (options is EmbeddingOptions embedding)
            {
                _ = model switch
                {
                    SpeechModel speech => speech.EmbedReady([], embedding, default),
                    TextModel text => text.EmbedReady([], embedding, default),
                    VisionModel vision => vision.EmbedReady([], embedding, default),
                    _ => [],
                };
            }
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
