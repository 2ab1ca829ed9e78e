namespace Data2Vec;

/// <summary>The kind of input that a model takes.</summary>
public enum Modality
{
    /// <summary>Recordings of speech; the model is a <see cref="SpeechModel"/>.</summary>
    Speech,

    /// <summary>Texts; the model is a <see cref="TextModel"/>.</summary>
    Text,

    /// <summary>Images; the model is a <see cref="VisionModel"/>.</summary>
    Vision,
}

/// <summary>Words for modalities in messages.</summary>
public static class ModalityExtensions
{
    /// <summary>The inputs of a modality in plural: <c>recordings</c>, <c>texts</c> or <c>images</c>.</summary>
    public static string Inputs(this Modality modality) => modality switch
    {
        Modality.Speech => "recordings",
        Modality.Text => "texts",
        _ => "images",
    };
}
