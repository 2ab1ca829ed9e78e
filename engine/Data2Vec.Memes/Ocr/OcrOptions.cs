namespace Data2Vec.Memes.Ocr;

/// <summary>How <see cref="TesseractRecognizer"/> reads; the defaults are what read rendered memes best, see the README.</summary>
public sealed record OcrOptions
{
    /// <summary>The languages of the text, as Tesseract calls them: <c>eng</c>, or several: <c>eng+spa</c>.</summary>
    public string Languages { get; init; } = "eng";

    /// <summary>The folder of the <c>.traineddata</c> files; null for Tesseract's own, or <c>TESSDATA_PREFIX</c>.</summary>
    public string? DataFolder { get; init; }

    /// <summary>Whether small images are enlarged first.</summary>
    public bool Upscale { get; init; } = true;

    /// <summary>
    /// Whether white text with a dark outline is told from the picture first. Where none is found in an image, it is read as it is.
    /// </summary>
    public bool FindOutlinedText { get; init; } = true;

    /// <summary>The least confidence of a word that is taken, from 0 to 1.</summary>
    public float LeastConfidence { get; init; } = 0.3f;
}
