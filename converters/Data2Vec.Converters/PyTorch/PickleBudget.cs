namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// What the pickles of one file may cost. A pickle of a few hundred bytes can ask for any amount of time and memory;
/// the checkpoint of a large model with a dictionary of 250,000 words stays within a third of these limits.
/// </summary>
internal sealed class PickleBudget
{
    public const int MaxMarks = 1_000;
    public const int MaxStack = 1_000_000;
    public const int MaxMemo = 1_000_000;
    public const int MaxStringBytes = 16 << 20;
    public const int MaxNameBytes = 1_024;
    public const int MaxIntegerBytes = 1_024;

    private const int MaxOpcodes = 8_000_000;
    private const long MaxMemory = 96 << 20;

    private int _opcodes;
    private long _memory;

    public void CountOpcode()
    {
        if (++_opcodes > MaxOpcodes)
        {
            throw new InvalidDataException($"the pickle has more than {MaxOpcodes} instructions; that is no checkpoint");
        }
    }

    /// <summary>Charges about as many bytes as a value will take, before it is made.</summary>
    public void ChargeMemory(long bytes)
    {
        _memory += bytes;
        if (_memory > MaxMemory)
        {
            throw new InvalidDataException(
                $"the pickle's values need more than {MaxMemory >> 20} MB beside the tensors; that is no checkpoint");
        }
    }
}
