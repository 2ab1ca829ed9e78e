namespace Data2Vec.Training.Pretraining;

/// <summary>What an update of pretraining does, in this order.</summary>
internal enum UpdatePhase
{
    /// <summary>The teacher moves towards the student.</summary>
    TeacherAverage,

    /// <summary>The student's rows before the mask.</summary>
    Embed,

    /// <summary>The teacher's targets.</summary>
    Teacher,

    /// <summary>The student's predictions and the loss.</summary>
    Student,

    /// <summary>The gradients.</summary>
    Backward,

    /// <summary>The new parameters.</summary>
    Optimizer,

    /// <summary>What is derived from the parameters.</summary>
    Refresh,

    /// <summary>Nothing more.</summary>
    Done,
}
