using Data2Vec.Training.Network;
using Data2Vec.Training.Optimizers;

namespace Data2Vec.Training.Updates;

/// <summary>A micro-batch.</summary>
internal interface IMicroBatch
{
    /// <summary>The numbers of its items in the data.</summary>
    IReadOnlyList<long> Items { get; }
}

/// <summary>What learns in a run.</summary>
/// <typeparam name="TBatch">A micro-batch.</typeparam>
internal interface ITrainer<TBatch> : IDisposable
    where TBatch : IMicroBatch
{
    /// <summary>The parameters that learn.</summary>
    ParameterBuffers Student { get; }

    /// <summary>The teacher's parameters, in the same layout; null without a teacher.</summary>
    ParameterBuffers? Teacher { get; }

    Adam Adam { get; }

    /// <summary>The updates that were made.</summary>
    long Updates { get; set; }

    /// <summary>Makes one update of micro-batches.</summary>
    UpdateResult Update(IReadOnlyList<TBatch> batches);

    /// <summary>Must be called after the values of parameters were replaced.</summary>
    void Refresh();
}
