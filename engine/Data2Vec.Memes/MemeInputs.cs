namespace Data2Vec.Memes;

/// <summary>What a system judges memes by: the paper's three configurations.</summary>
public enum MemeInputs
{
    /// <summary>Image and text: the paper's "Multimodal".</summary>
    Both,

    /// <summary>The image alone.</summary>
    Image,

    /// <summary>The text alone.</summary>
    Text,
}
