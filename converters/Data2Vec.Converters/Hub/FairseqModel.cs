namespace Data2Vec.Converters.Hub;

/// <summary>A checkpoint published on fairseq's pages of data2vec and wav2vec 2.0; addresses are relative to the publisher's.</summary>
/// <param name="Checkpoint">The checkpoint.</param>
/// <param name="Dictionary">The dictionary of its labels or of its tokenizer, or null.</param>
/// <param name="Encoder">The tokenizer's <c>encoder.json</c>, or null.</param>
/// <param name="Merges">The tokenizer's <c>vocab.bpe</c>, or null.</param>
internal sealed record FairseqModel(string Checkpoint, string? Dictionary = null, string? Encoder = null, string? Merges = null)
{
    private const string Letters = "wav2vec/dict.ltr.txt";

    /// <summary>All published checkpoints by name.</summary>
    public static readonly IReadOnlyDictionary<string, FairseqModel> All = new FairseqModel[]
    {
        new("data2vec/audio_base_ls.pt"),
        new("data2vec/audio_base_ls_10m.pt", Letters),
        new("data2vec/audio_base_ls_100h.pt", Letters),
        new("data2vec/audio_base_ls_960h.pt", Letters),
        new("data2vec/vox_pretrained.pt"),
        new("data2vec/vox_10m.pt", Letters),
        new("data2vec/vox_100h.pt", Letters),
        new("data2vec/vox_960h.pt", Letters),
        // The page names no tokenizer for this model; it is RoBERTa's.
        new("data2vec/nlp_base.pt", "gpt2_bpe/dict.txt", "gpt2_bpe/encoder.json", "gpt2_bpe/vocab.bpe"),
        new("data2vec2/base_imagenet.pt"),
        new("data2vec2/base_imagenet_ft.pt"),
        new("data2vec2/large_imagenet.pt"),
        new("data2vec2/large_imagenet_ft.pt"),
        new("data2vec2/huge_imagenet.pt"),
        new("data2vec2/huge_imagenet_ft.pt"),
        new("data2vec2/base_libri.pt"),
        new("data2vec2/base_libri_960h.pt", Letters),
        new("data2vec2/large_vox.pt"),
        new("data2vec2/large_vox_960h.pt", Letters),
        new("data2vec2/nlp_base.pt", "data2vec2/dict.txt", "data2vec2/encoder.json", "data2vec2/vocab.bpe"),
        new("wav2vec/wav2vec_small.pt"),
        new("wav2vec/wav2vec_small_10m.pt", Letters),
        new("wav2vec/wav2vec_small_100h.pt", Letters),
        new("wav2vec/wav2vec_small_960h.pt", Letters),
        new("wav2vec/libri960_big.pt"),
        new("wav2vec/wav2vec_big_10m.pt", Letters),
        new("wav2vec/wav2vec_big_100h.pt", Letters),
        new("wav2vec/wav2vec_big_960h.pt", Letters),
        new("wav2vec/wav2vec_vox_new.pt"),
        new("wav2vec/wav2vec_vox_10m_new.pt", Letters),
        new("wav2vec/wav2vec_vox_100h_new.pt", Letters),
        new("wav2vec/wav2vec2_vox_960h_new.pt", Letters),
        new("wav2vec/wav2vec_vox_10m_pl.pt", Letters),
        new("wav2vec/wav2vec_vox_100h_pl.pt", Letters),
        new("wav2vec/wav2vec_vox_960h_pl.pt", Letters),
        new("wav2vec/xlsr_53_56k.pt"),
    }.ToDictionary(model => model.Checkpoint[..^".pt".Length]);

    /// <summary>The addresses of all its files.</summary>
    public IEnumerable<string> Files => new[] { Dictionary, Encoder, Merges, Checkpoint }.OfType<string>();
}
