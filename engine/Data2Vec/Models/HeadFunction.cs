namespace Data2Vec;

/// <summary>What turns the outputs of a classification head into the numbers of its labels.</summary>
public enum HeadFunction
{
    /// <summary>The softmax of all outputs: one label applies, and the probabilities add up to 1.</summary>
    Softmax,

    /// <summary>The logistic function of each output: any number of labels applies, each with its own probability.</summary>
    Sigmoid,

    /// <summary>None: the head is a regression, and its outputs are the numbers.</summary>
    None,
}
