namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// The stack of the pickle machine. Marks divide it: an instruction sees only the values above the last mark, so a
/// misplaced one finds too few of them instead of somebody else's.
/// </summary>
internal sealed class PickleStack
{
    private readonly List<object?> _values = [];
    private readonly List<int> _marks = [];

    /// <summary>The number of values above the last mark.</summary>
    public int Visible => _values.Count - (_marks.Count == 0 ? 0 : _marks[^1]);

    public bool HasMarks => _marks.Count > 0;

    public void Push(object? value)
    {
        if (_values.Count == PickleBudget.MaxStack)
        {
            throw new InvalidDataException($"the pickle's stack grows beyond {PickleBudget.MaxStack} values");
        }

        _values.Add(value);
    }

    public object? Peek() => Visible > 0 ? _values[^1] : throw TooFew();

    public object? Pop()
    {
        object? value = Peek();
        _values.RemoveAt(_values.Count - 1);
        return value;
    }

    public T Pop<T>(string what) => Pop() is T value ? value : throw new InvalidDataException($"the pickle lacks {what}");

    public void Mark()
    {
        if (_marks.Count == PickleBudget.MaxMarks)
        {
            throw new InvalidDataException($"the pickle's values are nested deeper than {PickleBudget.MaxMarks}");
        }

        _marks.Add(_values.Count);
    }

    /// <summary>Takes the values above the last mark, and the mark.</summary>
    public object?[] PopToMark(PickleBudget budget)
    {
        if (_marks.Count == 0)
        {
            throw new InvalidDataException("the pickle takes values up to a mark that is not there");
        }

        int start = _marks[^1];
        int count = _values.Count - start;
        budget.ChargeMemory(32 + (8L * count));
        object?[] values = new object?[count];
        _values.CopyTo(start, values, 0, count);
        _values.RemoveRange(start, count);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    /// <summary>Drops the last value or, where there is none above it, the last mark.</summary>
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

    private static InvalidDataException TooFew() => new("the pickle takes a value from an empty stack");
}
