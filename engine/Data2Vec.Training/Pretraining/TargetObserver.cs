namespace Data2Vec.Training.Pretraining;

/// <summary>Adds up the outputs of a teacher's top layers.</summary>
internal sealed class TargetObserver(Inference run, PretrainingObjective objective, int layers, int[] lengths, int rows, int features) : Observer
{
    private readonly float[] _sum = new float[rows * features];
    private readonly float[] _layer = new float[rows * features];

    public override bool SeesFeedForward => objective.AfterFeedForward;

    public override void FeedForward(int layer, Tensor added)
    {
        if (objective.AfterFeedForward)
        {
            Add(layer, added);
        }
    }

    public override void Layer(int number, Tensor states)
    {
        if (!objective.AfterFeedForward && number > 0)
        {
            Add(number - 1, states);
        }
    }

    /// <summary>The targets of all rows.</summary>
    public float[] Finish()
    {
        objective.Targets.Finish(_sum, objective.TopLayers, lengths, features);
        return _sum;
    }

    private void Add(int layer, Tensor states)
    {
        if (layer >= layers - objective.TopLayers)
        {
            run.Download(states, _layer);
            objective.Targets.Add(_layer, lengths, features, _sum);
        }
    }
}
