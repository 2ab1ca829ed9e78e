using System.Numerics;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// Reads one pickle, protocols 0 to 5, into inert values. The machine is Python's own in its instructions and stack, but
/// it has no way to import, look up or call anything: classes and functions are names, calls are written down.
/// </summary>
/// <remarks>The instructions are described in the source of Python's module <c>pickletools</c>.</remarks>
internal sealed class PickleMachine(PickleInput input, PickleBudget budget, PyTorchObjects objects)
{
    private const int ObjectCost = 48;
    private const int MemoCost = 48;

    private readonly PickleStack _stack = new();
    private readonly Dictionary<long, object?> _memo = [];
    private long _frameEnd = -1;

    /// <summary>Reads up to the end of the pickle and returns its value.</summary>
    public object? Run()
    {
        for (long start = input.Position; ; CheckFrame())
        {
            bool first = input.Position == start;
            budget.CountOpcode();
            switch ((PickleOpcode)input.ReadByte())
            {
                case PickleOpcode.Stop: return Stop();
                case PickleOpcode.Proto: Protocol(first); break;
                case PickleOpcode.Frame: BeginFrame(); break;
                case var opcode: Execute(opcode); break;
            }
        }
    }

    private void Execute(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Mark: _stack.Mark(); break;
            case PickleOpcode.Pop: _stack.Drop(); break;
            case PickleOpcode.PopMark: _stack.PopToMark(budget); break;
            case PickleOpcode.Dup: _stack.Push(_stack.Peek()); break;

            case PickleOpcode.None: _stack.Push(null); break;
            case PickleOpcode.NewTrue: _stack.Push(true); break;
            case PickleOpcode.NewFalse: _stack.Push(false); break;

            case PickleOpcode.BinInt: PushNumber((long)input.ReadInt32()); break;
            case PickleOpcode.BinInt1: PushNumber((long)input.ReadByte()); break;
            case PickleOpcode.BinInt2: PushNumber((long)input.ReadUInt16()); break;
            case PickleOpcode.Long1: PushInteger(input.ReadByte()); break;
            case PickleOpcode.Long4: PushInteger(Length(input.ReadInt32())); break;
            case PickleOpcode.Int: PushNumber(IntegerOrTruth(Line(PickleBudget.MaxIntegerBytes))); break;
            case PickleOpcode.Long: PushNumber(PickleText.Integer(Line(PickleBudget.MaxIntegerBytes))); break;
            case PickleOpcode.Float: PushNumber(PickleText.Float(Line(PickleBudget.MaxIntegerBytes))); break;
            case PickleOpcode.BinFloat: PushNumber(input.ReadDouble()); break;

            case PickleOpcode.String: PushOldString(PickleText.Unquote(Line(PickleBudget.MaxStringBytes))); break;
            case PickleOpcode.BinString: PushOldString(Bytes(Length(input.ReadInt32()))); break;
            case PickleOpcode.ShortBinString: PushOldString(Bytes(input.ReadByte())); break;
            case PickleOpcode.Unicode: PushText(Line(PickleBudget.MaxStringBytes), escaped: true); break;
            case PickleOpcode.ShortBinUnicode: PushText(Bytes(input.ReadByte())); break;
            case PickleOpcode.BinUnicode: PushText(Bytes(input.ReadUInt32())); break;
            case PickleOpcode.BinUnicode8: PushText(Bytes(input.ReadUInt64())); break;
            case PickleOpcode.ShortBinBytes: _stack.Push(Bytes(input.ReadByte())); break;
            case PickleOpcode.BinBytes: _stack.Push(Bytes(input.ReadUInt32())); break;
            case PickleOpcode.BinBytes8 or PickleOpcode.ByteArray8: _stack.Push(Bytes(input.ReadUInt64())); break;

            case PickleOpcode.EmptyTuple: PushTuple(); break;
            case PickleOpcode.Tuple1: PushTuple(_stack.PopLast(1)); break;
            case PickleOpcode.Tuple2: PushTuple(_stack.PopLast(2)); break;
            case PickleOpcode.Tuple3: PushTuple(_stack.PopLast(3)); break;
            case PickleOpcode.Tuple or PickleOpcode.FrozenSet: _stack.Push(new PickleTuple(_stack.PopToMark(budget))); break;
            case PickleOpcode.EmptyList or PickleOpcode.EmptySet: _stack.Push(NewList()); break;
            case PickleOpcode.List: PushList(_stack.PopToMark(budget)); break;
            case PickleOpcode.EmptyDict: _stack.Push(NewDictionary()); break;
            case PickleOpcode.Dict: PushDictionary(_stack.PopToMark(budget)); break;

            case PickleOpcode.Append: Append([_stack.Pop()]); break;
            case PickleOpcode.Appends or PickleOpcode.AddItems: Append(_stack.PopToMark(budget)); break;
            case PickleOpcode.SetItem: SetItems(_stack.PopLast(2)); break;
            case PickleOpcode.SetItems: SetItems(_stack.PopToMark(budget)); break;

            case PickleOpcode.Get: _stack.Push(Recall(MemoLine())); break;
            case PickleOpcode.BinGet: _stack.Push(Recall(input.ReadByte())); break;
            case PickleOpcode.LongBinGet: _stack.Push(Recall(input.ReadUInt32())); break;
            case PickleOpcode.Put: Remember(MemoLine()); break;
            case PickleOpcode.BinPut: Remember(input.ReadByte()); break;
            case PickleOpcode.LongBinPut: Remember(input.ReadUInt32()); break;
            case PickleOpcode.Memoize: Remember(_memo.Count); break;

            case PickleOpcode.Global: _stack.Push(GlobalFromLines()); break;
            case PickleOpcode.StackGlobal: PushStackGlobal(); break;
            case PickleOpcode.Reduce or PickleOpcode.NewObj: Call(withKeywords: false); break;
            case PickleOpcode.NewObjEx: Call(withKeywords: true); break;
            case PickleOpcode.Inst: Instance(); break;
            case PickleOpcode.Obj: InstanceFromStack(); break;
            case PickleOpcode.Build: Build(); break;
            case PickleOpcode.BinPersistentId: _stack.Push(objects.Storage(_stack.Pop())); break;
            case PickleOpcode.PersistentId:
                throw new InvalidDataException("the pickle refers to outside data by a text; only tensor storages are known");

            case PickleOpcode.Ext1 or PickleOpcode.Ext2 or PickleOpcode.Ext4:
                throw new InvalidDataException("the pickle uses Python's extension registry; checkpoints do not");
            case PickleOpcode.NextBuffer or PickleOpcode.ReadOnlyBuffer:
                throw new InvalidDataException("the pickle refers to buffers outside itself; checkpoints do not");
            default:
                throw new InvalidDataException($"0x{(byte)opcode:x2} is not a pickle instruction; the file is damaged");
        }
    }

    private object? Stop()
    {
        object? value = _stack.Pop();
        InvalidData.ThrowIf(_stack.Visible > 0 || _stack.HasMarks, "the pickle ends with values left over; the file is damaged");
        return value;
    }

    private void Protocol(bool first)
    {
        int protocol = input.ReadByte();
        InvalidData.ThrowIf(!first, "the pickle states its protocol in the middle; the file is damaged");
        InvalidData.ThrowIf(protocol > 5, $"pickle protocol {protocol} is not known; save with pickle_protocol=2");
    }

    private void BeginFrame()
    {
        ulong length = input.ReadUInt64();
        InvalidData.ThrowIf(_frameEnd >= 0, "a pickle frame begins inside another");
        InvalidData.ThrowIf(length > (ulong)input.Remaining, "a pickle frame ends after the pickle");
        _frameEnd = length > 0 ? input.Position + (long)length : -1;
    }

    private void CheckFrame()
    {
        if (_frameEnd >= 0 && input.Position >= _frameEnd)
        {
            InvalidData.ThrowIf(input.Position > _frameEnd, "a pickle frame ends inside an instruction");
            _frameEnd = -1;
        }
    }

    private static ulong Length(int length) =>
        length >= 0 ? (ulong)length : throw new InvalidDataException("the pickle states a negative length");

    private byte[] Bytes(ulong count) => input.ReadBytes(count, PickleBudget.MaxStringBytes, budget);

    private byte[] Line(int maxBytes) => input.ReadLine(maxBytes, budget);

    private void PushNumber(object number)
    {
        budget.ChargeMemory(24);
        _stack.Push(number);
    }

    private void PushInteger(ulong byteCount) =>
        PushNumber(PickleText.Shrink(new BigInteger(input.ReadBytes(byteCount, PickleBudget.MaxIntegerBytes, budget))));

    private static object IntegerOrTruth(byte[] line) => line switch
    {
        [(byte)'0', (byte)'0'] => false,
        [(byte)'0', (byte)'1'] => true,
        _ => PickleText.Integer(line),
    };

    private void PushText(byte[] bytes, bool escaped = false)
    {
        budget.ChargeMemory(24 + (2L * bytes.Length));
        _stack.Push(escaped ? PickleText.RawUnicodeEscape(bytes) : PickleText.Utf8(bytes));
    }

    private void PushOldString(byte[] bytes)
    {
        budget.ChargeMemory(24 + (2L * bytes.Length));
        _stack.Push(PickleText.Utf8OrBytes(bytes));
    }

    private void PushTuple(params object?[] items)
    {
        budget.ChargeMemory(ObjectCost + (8L * items.Length));
        _stack.Push(new PickleTuple(items));
    }

    private PickleList NewList()
    {
        budget.ChargeMemory(PickleList.Cost);
        return new PickleList();
    }

    private PickleDictionary NewDictionary()
    {
        budget.ChargeMemory(PickleDictionary.Cost);
        return new PickleDictionary();
    }

    private void PushList(object?[] items)
    {
        _stack.Push(NewList());
        Append(items);
    }

    private void PushDictionary(object?[] items)
    {
        _stack.Push(NewDictionary());
        SetItems(items);
    }

    private void Append(ReadOnlySpan<object?> items)
    {
        PickleList list = _stack.Peek() switch
        {
            PickleList own => own,
            PickleObject placeholder => placeholder.Items ??= NewList(),
            _ => throw new InvalidDataException("the pickle appends to something that is not a list"),
        };
        budget.ChargeMemory((long)PickleList.ItemCost * items.Length);
        foreach (object? item in items)
        {
            list.Add(item);
        }
    }

    private void SetItems(ReadOnlySpan<object?> items)
    {
        PickleDictionary dictionary = _stack.Peek() switch
        {
            PickleDictionary own => own,
            PickleObject placeholder => placeholder.Entries ??= NewDictionary(),
            _ => throw new InvalidDataException("the pickle sets an entry of something that is not a dictionary"),
        };
        InvalidData.ThrowIf(items.Length % 2 != 0, "the pickle has a dictionary key without a value");
        budget.ChargeMemory((long)PickleDictionary.EntryCost * items.Length / 2);
        for (int i = 0; i < items.Length; i += 2)
        {
            dictionary.Set(items[i], items[i + 1]);
        }
    }

    private long MemoLine() => PickleText.Integer(Line(PickleBudget.MaxIntegerBytes)) is long and >= 0 and var index
        ? index
        : throw new InvalidDataException("the pickle has an impossible memo number");

    private object? Recall(long index) => _memo.TryGetValue(index, out object? value)
        ? value
        : throw new InvalidDataException($"the pickle recalls value {index}, which it never stored");

    private void Remember(long index)
    {
        object? value = _stack.Peek();
        InvalidData.ThrowIf(
            _memo.Count == PickleBudget.MaxMemo && !_memo.ContainsKey(index),
            $"the pickle stores more than {PickleBudget.MaxMemo} values for later");

        budget.ChargeMemory(MemoCost);
        _memo[index] = value;
    }

    private PickleGlobal GlobalFromLines()
    {
        string module = PickleText.Utf8(Line(PickleBudget.MaxNameBytes));
        string name = PickleText.Utf8(Line(PickleBudget.MaxNameBytes));
        budget.ChargeMemory(ObjectCost + (2L * (module.Length + name.Length)));
        return new PickleGlobal(module, name);
    }

    private void PushStackGlobal()
    {
        string name = _stack.Pop<string>("the name of a class");
        string module = _stack.Pop<string>("the module of a class");
        budget.ChargeMemory(ObjectCost);
        _stack.Push(new PickleGlobal(module, name));
    }

    private void Call(bool withKeywords)
    {
        PickleDictionary? keywords = withKeywords ? _stack.Pop<PickleDictionary>("the keyword arguments of a call") : null;
        PickleTuple arguments = _stack.Pop<PickleTuple>("the arguments of a call");
        _stack.Push(objects.Call(_stack.Pop(), arguments, keywords));
    }

    private void Instance()
    {
        PickleGlobal @class = GlobalFromLines();
        _stack.Push(objects.Call(@class, new PickleTuple(_stack.PopToMark(budget)), keywords: null));
    }

    private void InstanceFromStack()
    {
        object?[] values = _stack.PopToMark(budget);
        InvalidData.ThrowIf(values.Length == 0, "the pickle makes an object without naming its class");
        _stack.Push(objects.Call(values[0], new PickleTuple(values[1..]), keywords: null));
    }

    private void Build()
    {
        object? state = _stack.Pop();
        switch (_stack.Peek())
        {
            case PickleObject placeholder:
                placeholder.State = state;
                break;
            case PickleDictionary dictionary:
                dictionary.State = state;
                break;
            // Attributes of a tensor, which do not affect its numbers.
            case PyTorchTensor when state is null or PickleDictionary:
                break;
            default:
                throw new InvalidDataException("the pickle sets the state of something that has none");
        }
    }
}
