using Data2Vec.Kernels;

namespace Data2Vec.Converters;

/// <summary>What a conversion is to do beyond what the checkpoint says.</summary>
public sealed record ConversionOptions
{
    /// <summary>
    /// fairseq's dictionary file (<c>dict.ltr.txt</c>: a label and its count on each line) for a model with a CTC head, or
    /// null to use the dictionary in or beside the checkpoint; for a text model the dictionary of its tokenizer (<c>dict.txt</c>).
    /// </summary>
    public string? DictionaryPath { get; init; }

    /// <summary>GPT-2's <c>encoder.json</c> and <c>vocab.bpe</c> for a text model; null takes what lies in a Hugging Face folder, if anything.</summary>
    public (string EncoderPath, string MergesPath)? BytePairFiles { get; init; }

    /// <summary>BERT's <c>vocab.txt</c>; null takes what lies in a Hugging Face folder, if anything.</summary>
    /// <remarks>Given here, it is of an uncased model, whose text becomes lower case, if it has no piece with a capital letter.</remarks>
    public string? VocabularyPath { get; init; }

    /// <summary>The labels of a classification head, one a line in the order of its outputs; null gives it the checkpoint's, or numbers.</summary>
    public string? LabelsPath { get; init; }

    /// <summary>The number format of the weights; biases and normalizations are always f32.</summary>
    public ElementType Type { get; init; } = ElementType.F32;

    /// <summary>Whether to take the transformer's weights from the EMA teacher of pre-training instead of the student.</summary>
    public bool Teacher { get; init; }

    /// <summary>What the model file and messages call the checkpoint; null takes its file name.</summary>
    public string? SourceName { get; init; }

    internal void RefuseForSpeech()
    {
        RefuseTokenizer();
        RefuseLabels();
    }

    internal void RefuseLabels() => Refuse(LabelsPath is not null, "labels are of use to models with a classification head alone");

    internal void RefuseForImages()
    {
        RefuseTokenizer();
        Refuse(DictionaryPath is not null, "a dictionary is of use to text models and CTC heads alone");
    }

    internal void RefuseBytePairs()
    {
        Refuse(BytePairFiles is not null, "encoder.json and vocab.bpe are of use to data2vec's text models alone; BERT's tokenizer is its vocab.txt");
        Refuse(DictionaryPath is not null, "a dictionary is of use to data2vec's text models and CTC heads alone; BERT's tokenizer is its vocab.txt");
    }

    internal void RefuseVocabulary() => Refuse(VocabularyPath is not null, "vocab.txt is of use to BERT alone");

    private void RefuseTokenizer() =>
        Refuse(BytePairFiles is not null || VocabularyPath is not null, "the files of a tokenizer are of use to text models alone");

    private static void Refuse(bool given, string why)
    {
        if (given)
        {
            throw new InvalidDataException(why);
        }
    }
}
