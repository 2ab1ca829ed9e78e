using Data2Vec.Training.Network;

namespace Data2Vec.Training.Updates;

/// <summary>Adds up over all processes of a run what an update has summed. A single process has nothing to add.</summary>
internal class UpdateSums
{
    public virtual void AddUp(
        ParameterBuffers buffers, ref double loss, ref long samples, ref long rows, Span<double> first = default, Span<double> second = default)
    {
    }
}
