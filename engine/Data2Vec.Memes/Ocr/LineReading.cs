namespace Data2Vec.Memes.Ocr;

/// <summary>What one reading found in a line.</summary>
internal sealed class LineReading
{
    /// <summary>From this confidence on, a word counts as read. Tesseract gives all words of a phrase the confidence of the worst.</summary>
    private const double SureConfidence = 0.65, GoodConfidence = 0.85;

    /// <summary>The minimum share of letters in words that count as read: for text, for text that stands alone, and for a few letters near other text.</summary>
    private const double LeastSure = 0.4, LeastSureAlone = 0.5, LeastSureNear = 0.6;

    /// <summary>The score of a letter is its confidence above this value, so that more letters of doubtful words do not win.</summary>
    private const double DoubtfulConfidence = 0.4;

    /// <summary>What continues a line: the limits of color and of the ratio of heights, and stricter ones for up to three letters.</summary>
    private const int MostColorDistance = 30, FewLetters = 3;
    private const double MostHeightRatio = 1.4, MostHeightRatioOfFew = 1.2, LeastOfFew = 0.8;

    private readonly TextLine? _line;
    private readonly int _sure;

    /// <summary>The words that were read in regions.</summary>
    public LineReading(TextLine line, IReadOnlyList<RecognizedWord> words)
        : this(line.Place, words)
    {
        _line = line;
        IsText = IsText && Letters >= 0.5 * line.Regular && Letters <= 2 * line.Regular + 2;
    }

    /// <summary>The words that were read in the picture as it is.</summary>
    public LineReading(LinePlace place, IReadOnlyList<RecognizedWord> words)
    {
        (Place, Words) = (place, words);
        int length = words.Sum(word => word.Text.Length);
        Letters = words.Sum(word => word.Text.Count(char.IsLetterOrDigit));
        Confidence = length == 0 ? 0 : words.Sum(word => word.Text.Length * word.Confidence) / length;
        _sure = words.Where(word => word.Confidence >= SureConfidence).Sum(word => word.Text.Count(char.IsLetterOrDigit));
        IsText = _sure >= 1 && _sure >= LeastSure * Letters && Letters >= 0.5 * length;
    }

    /// <summary>The place of the line.</summary>
    public LinePlace Place { get; }

    /// <summary>The words from left to right.</summary>
    public IReadOnlyList<RecognizedWord> Words { get; }

    /// <summary>The number of letters and digits.</summary>
    public int Letters { get; }

    /// <summary>The mean confidence of the characters.</summary>
    public double Confidence { get; }

    /// <summary>Whether the reading is credible.</summary>
    public bool IsText { get; }

    /// <summary>Whether another reading is unlikely to be better.</summary>
    public bool IsGood => IsText && Confidence >= GoodConfidence;

    /// <summary>Whether every word is good.</summary>
    public bool IsCertain => IsText && Words.All(word => word.Confidence >= GoodConfidence);

    /// <summary>The value of the reading among those of the same place.</summary>
    public double Score => Letters * (Confidence - DoubtfulConfidence);

    /// <summary>Whether the line is text even if there is no other text. Textures often look like one or two letters.</summary>
    public bool StandsAlone => IsText && _sure >= LeastSureAlone * Letters && (_sure >= 6 || (_sure >= 4 && Confidence >= 0.8) || (_sure >= 3 && Confidence >= 0.9));

    /// <summary>Whether a few letters belong to this line: they are near and look the same. A single letter is more often a texture.</summary>
    public bool IsContinuedBy(LineReading other) => other.Letters >= 2 && other._sure >= LeastSureNear * other.Letters
        && (other.Letters > FewLetters || other.Confidence >= LeastOfFew)
        && Place.IsNear(other.Place, other.Letters > FewLetters ? MostHeightRatio : MostHeightRatioOfFew)
        && (_line is null || other._line is null || UniformRegions.Distance(_line.Color, other._line.Color) <= MostColorDistance);
}
