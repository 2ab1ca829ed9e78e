namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// The stack of the pickle machine. Marks divide it: an instruction sees only the values above the last mark, so a
/// misplaced one finds too few of them instead of somebody else's.
/// </summary>
internal sealed class PickleStack
{
    private const string EmptyStack = "the pickle takes a value from an empty stack";

    private readonly List<object?> _values = [];
    private readonly List<int> _marks = [];

    /// <summary>The number of values above the last mark.</summary>
    public int Visible => _values.Count - (_marks.Count == 0 ? 0 : _marks[^1]);

    public bool HasMarks => _marks.Count > 0;

    public void Push(object? value)
    {
        InvalidData.ThrowIf(_values.Count == PickleBudget.MaxStack, $"the pickle's stack grows beyond {PickleBudget.MaxStack} values");
        _values.Add(value);
    }

    public object? Peek() => Visible > 0 ? _values[^1] : throw new InvalidDataException(EmptyStack);

    public object? Pop()
    {
        object? value = Peek();
        _values.RemoveAt(_values.Count - 1);
        return value;
    }

    /// <summary>Pops values, the last one last.</summary>
    public object?[] PopLast(int count)
    {
        InvalidData.ThrowIf(count > Visible, EmptyStack);
        return Take(_values.Count - count);
    }

    public T Pop<T>(string what) => Pop() is T value ? value : throw new InvalidDataException($"the pickle lacks {what}");

    public void Mark()
    {
        InvalidData.ThrowIf(_marks.Count == PickleBudget.MaxMarks, $"the pickle's values are nested deeper than {PickleBudget.MaxMarks}");
        _marks.Add(_values.Count);
    }

    /// <summary>Pops the values above the last mark, and the mark.</summary>
    public object?[] PopToMark(PickleBudget budget)
    {
        InvalidData.ThrowIf(_marks.Count == 0, "the pickle takes values up to a mark that is not there");
        int start = _marks[^1];
        budget.ChargeMemory(32 + (8L * (_values.Count - start)));
        _marks.RemoveAt(_marks.Count - 1);
        return Take(start);
    }

    /// <summary>Drops the last value, or the last mark if no value is above it.</summary>
    public void Drop()
    {
        if (Visible == 0 && HasMarks)
        {
            _marks.RemoveAt(_marks.Count - 1);
        }
        else
        {
            Pop();
        }
    }

    private object?[] Take(int start)
    {
        object?[] values = _values[start..].ToArray();
        _values.RemoveRange(start, values.Length);
        return values;
    }
}

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

    public void CountOpcode() =>
        InvalidData.ThrowIf(++_opcodes > MaxOpcodes, $"the pickle has more than {MaxOpcodes} instructions; that is no checkpoint");

    /// <summary>Charges the approximate size of a value before it is created.</summary>
    public void ChargeMemory(long bytes)
    {
        _memory += bytes;
        InvalidData.ThrowIf(_memory > MaxMemory, $"the pickle's values need more than {MaxMemory >> 20} MB beside the tensors; that is no checkpoint");
    }
}
