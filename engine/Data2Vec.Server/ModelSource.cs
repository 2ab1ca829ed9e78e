namespace Data2Vec.Server;

/// <summary>Where a served model comes from.</summary>
public sealed class ModelSource
{
    /// <summary>The model file (<c>.d2v</c>), also of a meme model.</summary>
    public string? Path { get; set; }

    /// <summary>Loads the model, unless it is a meme model; null for <see cref="Data2VecModel.Load(string, ModelOptions?)"/>. Not part of a configuration.</summary>
    public Func<ModelOptions, Data2VecModel>? Load { get; set; }

    /// <summary>
    /// For a speech model with a CTC head: an n-gram language model (ARPA, KenLM), or a folder of Hugging Face with one; null for the folder
    /// <c>NAME.lm</c> beside the model file, if there is one.
    /// </summary>
    public string? LanguageModel { get; set; }

    /// <summary>For a vision model: the height and width of images; null for the model's own.</summary>
    public int? ImageSize { get; set; }

    /// <summary>Whether embeddings have length 1, as OpenAI's have.</summary>
    public bool Normalize { get; set; } = true;
}
