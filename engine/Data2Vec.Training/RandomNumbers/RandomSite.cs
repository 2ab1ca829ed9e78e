namespace Data2Vec.Training.RandomNumbers;

/// <summary>What random numbers are drawn for. Different sites get independent numbers. The values are part of a run: do not renumber them.</summary>
public enum RandomSite
{
    /// <summary>Masked frames of recordings.</summary>
    TimeMask = 1,

    /// <summary>Channels set to zero in fine-tuning.</summary>
    ChannelMask = 2,

    /// <summary>Masked tokens.</summary>
    TokenMask = 3,

    /// <summary>Masked patches.</summary>
    BlockMask = 4,

    /// <summary>The order of items and batches in an epoch.</summary>
    Order = 5,

    /// <summary>Where recordings are cropped.</summary>
    Crop = 6,

    /// <summary>Augmentation of images.</summary>
    Augmentation = 7,

    /// <summary>Dropout of features. The index tells apart the places in the network.</summary>
    Dropout = 8,

    /// <summary>Dropout of attention probabilities. The index tells apart the places in the network.</summary>
    AttentionDropout = 9,

    /// <summary>Layers that are skipped. The index is the layer.</summary>
    LayerDrop = 10,

    /// <summary>Branches that are skipped for one item. The index tells apart the places in the network.</summary>
    DropPath = 11,

    /// <summary>Initial values. The index is the tensor.</summary>
    Initialization = 12,

    /// <summary>How images of a batch are mixed.</summary>
    Mixing = 13,

    /// <summary>Which items are held out to measure with.</summary>
    HoldOut = 14,
}
