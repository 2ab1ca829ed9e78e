namespace Data2Vec.Converters;

/// <summary>Options of a conversion.</summary>
public sealed record ConversionOptions
{
    /// <summary>
    /// fairseq's dictionary file (<c>dict.ltr.txt</c>: a label and its count on each line) for a model with a CTC head, or
    /// null to use the dictionary in or beside the checkpoint; for a text model the dictionary of its tokenizer (<c>dict.txt</c>).
    /// </summary>
    public string? DictionaryPath { get; init; }

    /// <summary>GPT-2's <c>encoder.json</c> and <c>vocab.bpe</c> for a text model; null uses the files in a Hugging Face folder, if any.</summary>
    public (string EncoderPath, string MergesPath)? BytePairFiles { get; init; }

    /// <summary>BERT's <c>vocab.txt</c>; null uses the files in a Hugging Face folder, if any.</summary>
    /// <remarks>Given here, it is of an uncased model, whose text becomes lower case, if it has no piece with a capital letter.</remarks>
    public string? VocabularyPath { get; init; }

    /// <summary>The labels of a classification head, one a line in the order of its outputs; null uses the checkpoint's labels, or numbers.</summary>
    public string? LabelsPath { get; init; }

    /// <summary>Which classification head of a fairseq text model to convert, if it has several; null for the only one.</summary>
    public string? HeadName { get; init; }

    /// <summary>Whether to leave out the head of a text model or of a Hugging Face model, which then gives vectors alone.</summary>
    public bool WithoutHead { get; init; }

    /// <summary>The number format of the weights; biases and normalizations are always f32.</summary>
    public ElementType Type { get; init; } = ElementType.F32;

    /// <summary>Whether to convert the EMA teacher of pre-training instead of the student.</summary>
    public bool Teacher { get; init; }

    /// <summary>Whether to convert the student of a checkpoint of which otherwise the teacher is converted (DINO).</summary>
    public bool Student { get; init; }

    /// <summary>The number of attention heads of a vision transformer whose checkpoint does not give it; null for the usual one of its width.</summary>
    public int? Heads { get; init; }

    /// <summary>The checkpoint's name in the model file and in messages; null uses its file name.</summary>
    public string? SourceName { get; init; }

    /// <summary>The id of a published model, such as <c>facebook/data2vec-audio-base-960h</c>. The model file keeps it, and results report it.</summary>
    public string? ModelId { get; init; }

    internal void RefuseForSpeech()
    {
        RefuseTokenizer();
        RefuseLabels();
    }

    internal void RefuseLabels() => InvalidData.ThrowIf(LabelsPath is not null, "labels apply only to models with a classification head");

    internal void RefuseForImages()
    {
        RefuseTokenizer();
        InvalidData.ThrowIf(DictionaryPath is not null, "a dictionary applies only to text models and CTC heads");
    }

    internal void RefuseBytePairs()
    {
        InvalidData.ThrowIf(BytePairFiles is not null, "encoder.json and vocab.bpe apply only to data2vec's text models; BERT's tokenizer is its vocab.txt");
        InvalidData.ThrowIf(DictionaryPath is not null, "a dictionary applies only to data2vec's text models and CTC heads; BERT's tokenizer is its vocab.txt");
    }

    internal void RefuseVocabulary() => InvalidData.ThrowIf(VocabularyPath is not null, "vocab.txt applies only to BERT");

    private void RefuseTokenizer() =>
        InvalidData.ThrowIf(BytePairFiles is not null || VocabularyPath is not null, "the files of a tokenizer apply only to text models");
}
