namespace Data2Vec.Training.Optimizers;

/// <summary>Parameters that share their weight decay and learning rate.</summary>
/// <param name="WeightDecay">The share by which an update shrinks the parameters, times the learning rate.</param>
/// <param name="RateScale">The factor of the learning rate, as with layer-wise decay. It scales the weight decay, too.</param>
public sealed record ParameterGroup(double WeightDecay, double RateScale = 1);
