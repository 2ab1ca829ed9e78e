using Data2Vec.Audio;

namespace Data2Vec.Converters.Layouts;

/// <summary>What the labels of a CTC head become in a transcript: fairseq's <c>post_process</c>, and transformers' CTC tokenizers.</summary>
internal static class CtcTexts
{
    /// <summary>The labels of a fairseq model.</summary>
    /// <param name="labels">The dictionary. Its first four symbols are special and stand for nothing.</param>
    /// <param name="postProcess">The option <c>post_process</c> of the criterion.</param>
    /// <param name="blank">The index of the blank.</param>
    /// <exception cref="InvalidDataException">The option is unknown.</exception>
    public static CtcLabels Fairseq(IReadOnlyList<string> labels, string postProcess, int blank)
    {
        const int Special = 4;
        Func<string, string> text = postProcess switch
        {
            "letter" => label => Joined(label, "|"),
            "wordpiece" => label => Joined(label, "_"),
            "sentencepiece" => label => Joined(label, "\u2581"),
            "_EOW" => label => Joined(label, "_EOW"),
            "@@" => label => label.Replace("@@", "", StringComparison.Ordinal) + " ",
            "subword_nmt" or "@@ " => label => label.EndsWith("@@", StringComparison.Ordinal) ? label[..^2] : label + " ",
            "silence" => label => label == "<SIL>" ? "" : label + " ",
            "none" => label => label + " ",
            _ => throw new InvalidDataException(
                $"the option post_process of the criterion is {PickleText.Quote(postProcess)}; letter, wordpiece, sentencepiece, _EOW, subword_nmt, silence and none are supported"),
        };
        return new CtcLabels(blank, [.. labels.Select((label, i) => i < Special || i == blank ? "" : text(label))]);

        // fairseq puts a space between labels and removes all spaces, so that those in labels go too.
        static string Joined(string label, string space) =>
            label.Replace(" ", "", StringComparison.Ordinal).Replace(space, " ", StringComparison.Ordinal);
    }

    /// <summary>The labels of a Hugging Face model.</summary>
    /// <param name="labels">The vocabulary.</param>
    /// <param name="blank">The index of the blank.</param>
    /// <param name="tokenizer">The options of <c>tokenizer_config.json</c>.</param>
    /// <param name="special">The special tokens, which stand for nothing.</param>
    public static CtcLabels HuggingFace(IReadOnlyList<string> labels, int blank, CheckpointOptions? tokenizer, IReadOnlySet<string> special)
    {
        bool isPhonemes = tokenizer?.Text("tokenizer_class") == "Wav2Vec2PhonemeCTCTokenizer";

        // Phonemes stand apart, and the end of a word is not shown.
        string? delimiter = tokenizer?.HasNull("word_delimiter_token") == true ? null : tokenizer?.Text("word_delimiter_token") ?? (isPhonemes ? null : "|");
        string space = tokenizer?.Text("replace_word_delimiter_char") ?? " ";
        bool lower = !isPhonemes && (tokenizer?.Flag("do_lower_case") ?? false);
        return new CtcLabels(blank, [.. labels.Select((label, i) =>
            i == blank || special.Contains(label) ? ""
            : label == delimiter ? isPhonemes ? "" : space
            : isPhonemes ? label + " "
            : lower ? label.ToLowerInvariant()
            : label)]);
    }
}
