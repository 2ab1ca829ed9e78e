namespace Data2Vec.Training.Runs;

/// <summary>The files in the folder of a run, beside its state.</summary>
public static class RunFiles
{
    /// <summary>The model that a run has written when it is complete.</summary>
    public const string Model = "model.d2v";

    /// <summary>The best model by the validation.</summary>
    public const string Best = "best.d2v";

    /// <summary>The numbers of all updates, a JSON object in each line.</summary>
    public const string Log = "log.jsonl";
}
