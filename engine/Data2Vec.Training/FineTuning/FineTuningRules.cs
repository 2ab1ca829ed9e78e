namespace Data2Vec.Training.FineTuning;

/// <summary>Which parameters learn in fine-tuning.</summary>
internal static class FineTuningRules
{
    private static readonly string[] s_heads = ["ctc.", "classifier."];

    /// <summary>Whether a parameter learns.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="isEncoderFrozen">Whether the head alone learns, as in the first updates of fairseq's recognizers.</param>
    /// <param name="isExtractorFixed">Whether the convolutions of a speech model stay as they are.</param>
    public static bool Learns(string name, bool isEncoderFrozen, bool isExtractorFixed) => IsHead(name)
        || (!isEncoderFrozen && !(isExtractorFixed && name.StartsWith("feature_extractor.", StringComparison.Ordinal)));

    /// <summary>Whether a parameter belongs to a head.</summary>
    public static bool IsHead(string name) => s_heads.Any(head => name.StartsWith(head, StringComparison.Ordinal));
}
