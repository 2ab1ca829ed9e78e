using System.Numerics;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// Knows the few functions and classes that checkpoints are made of, by name, and writes down what calling them would
/// have given. Everything else becomes an inert <see cref="PickleObject"/>.
/// </summary>
internal sealed class PyTorchObjects(PickleBudget budget)
{
    private readonly Dictionary<string, PyTorchStorage> _storages = [];

    /// <summary>The storages that the pickle refers to, by their keys.</summary>
    public IReadOnlyDictionary<string, PyTorchStorage> Storages => _storages;

    /// <summary>The result of calling a function or constructing an object.</summary>
    public object? Call(object? callable, PickleTuple arguments, PickleDictionary? keywords)
    {
        budget.ChargeMemory(128);
        return callable switch
        {
            PickleGlobal global when keywords is null or { Count: 0 } => Call(global, arguments),
            PickleGlobal global => new PickleObject(global, arguments) { KeywordArguments = keywords },
            PickleObject inner =>
                new PickleObject(inner.Class, arguments) { KeywordArguments = keywords, Callable = inner },
            _ => throw new InvalidDataException("the pickle calls something that is neither a function nor a class"),
        };
    }

    /// <summary>The storage that a persistent id names: ("storage", class, key, device, element count, view or None).</summary>
    public StorageView Storage(object? id)
    {
        InvalidData.ThrowIf(
            id is PickleTuple { Count: > 0 } other && other[0] is "module", "the file holds a whole Python module; save its state_dict() instead");
        PickleTuple parts = id is PickleTuple { Count: 5 or 6 } tuple && tuple[0] is "storage"
            ? tuple
            : throw new InvalidDataException("the pickle refers to outside data that is not a tensor storage");
        PickleGlobal @class = parts[1] as PickleGlobal ?? throw new InvalidDataException("a tensor storage does not name its class");
        NumberFormat type = (@class.Module is "torch" or "torch.cuda" or "torch.storage" ? NumberFormat.FromStorage(@class.Name) : null)
            ?? throw new InvalidDataException($"{@class} is not a class of tensor storages");
        string key = parts[2] is string { Length: <= PickleDictionary.MaxKeyLength } name
            ? name
            : throw new InvalidDataException("a tensor storage has no name of sensible length");
        long count = parts[4] is long and >= 0 and var size && size <= long.MaxValue / type.Bytes
            ? size
            : throw new InvalidDataException($"the tensor storage '{PickleText.Quote(key)}' has an impossible size");
        PyTorchStorage storage = Storage(key, type, count);
        return parts.Count == 6 && parts[5] is not null ? View(storage, parts[5]) : new StorageView(storage, 0, count);
    }

    private PyTorchStorage Storage(string key, NumberFormat type, long count)
    {
        budget.ChargeMemory(64);
        if (!_storages.TryGetValue(key, out PyTorchStorage? storage))
        {
            budget.ChargeMemory(256);
            _storages.Add(key, storage = new PyTorchStorage(key, type, count));
        }

        InvalidData.ThrowIf(
            storage.Type != type || storage.Count != count,
            $"the pickle contradicts itself about the tensor storage '{PickleText.Quote(key)}'");
        return storage;
    }

    private static StorageView View(PyTorchStorage storage, object? metadata)
    {
        return metadata is PickleTuple { Count: 3 } parts && parts[1] is long and >= 0 and var start && parts[2] is long and >= 0 and var count
            && start <= storage.Count && count <= storage.Count - start
            ? new StorageView(storage, start, count)
            : throw new InvalidDataException($"a view of the tensor storage '{PickleText.Quote(storage.Key)}' is outside it");
    }

    private object? Call(PickleGlobal function, PickleTuple arguments) => (function.Module, function.Name) switch
    {
        ("torch._utils", "_rebuild_tensor" or "_rebuild_tensor_v2" or "_rebuild_tensor_v3") =>
            TensorRebuilder.Rebuild(function, arguments, budget),
        ("torch._utils", "_rebuild_parameter" or "_rebuild_parameter_with_state") or
        ("torch.nn.parameter", "Parameter") => FirstTensor(function, arguments),
        ("torch._tensor", "_rebuild_from_type" or "_rebuild_from_type_v2") => FromType(function, arguments),
        ("torch", "Size") => Size(arguments),

        ("collections", "OrderedDict" or "Counter") or ("builtins" or "__builtin__", "dict") =>
            Dictionary(function, arguments, contentAt: 0),
        ("collections", "defaultdict") => Dictionary(function, arguments, contentAt: 1),
        ("builtins" or "__builtin__", "set" or "frozenset") => Set(function, arguments),
        ("builtins" or "__builtin__", "complex") => ComplexNumber(function, arguments),
        ("builtins" or "__builtin__", "bytes" or "bytearray") when arguments.Count == 0 => Array.Empty<byte>(),
        ("builtins" or "__builtin__", "bytearray") when arguments[0] is byte[] bytes => bytes,
        ("builtins" or "__builtin__", "bytearray") or ("_codecs", "encode") => Encode(function, arguments),
        ("copyreg" or "copy_reg", "_reconstructor") => Reconstruct(function, arguments),
        _ => new PickleObject(function, arguments),
    };

    /// <summary>A parameter is its tensor; requires_grad and hooks mean nothing here.</summary>
    private static object FirstTensor(PickleGlobal function, PickleTuple arguments) =>
        arguments.Count > 0 && IsTensor(arguments[0]) ? arguments[0]! : throw Misused(function);

    private static bool IsTensor(object? value) => value is PyTorchTensor or PickleObject { Remark: not null };

    /// <summary>A tensor of a subclass: (rebuilding function, class, the function's arguments, attributes).</summary>
    private object FromType(PickleGlobal function, PickleTuple arguments)
    {
        if (arguments.Count != 4 || arguments[0] is not PickleGlobal inner || arguments[2] is not PickleTuple innerArguments)
        {
            throw Misused(function);
        }

        return inner.Module == "torch._utils" && Call(inner, innerArguments) is { } tensor && IsTensor(tensor)
            ? tensor
            : new PickleObject(function, arguments) { Remark = $"tensors rebuilt by {inner} are not supported" };
    }

    private static PickleTuple Size(PickleTuple arguments) => arguments.Count switch
    {
        0 => arguments,
        1 when arguments[0] is PickleTuple size => size,
        _ => throw new InvalidDataException("torch.Size is given something that is not a shape"),
    };

    private PickleDictionary Dictionary(PickleGlobal function, PickleTuple arguments, int contentAt)
    {
        budget.ChargeMemory(PickleDictionary.Cost);
        var dictionary = new PickleDictionary();
        object? content = arguments.Count <= contentAt + 1 ? arguments.ElementAtOrDefault(contentAt) : throw Misused(function);
        IEnumerable<KeyValuePair<object?, object?>> entries = content switch
        {
            null when arguments.Count <= contentAt => [],
            PickleDictionary given => given,
            // Python 2 writes pairs as lists.
            PickleList pairs => pairs.Select(item => item is IReadOnlyList<object?> { Count: 2 } pair
                ? KeyValuePair.Create(pair[0], pair[1])
                : throw Misused(function)),
            _ => throw Misused(function),
        };
        foreach ((object? key, object? value) in entries)
        {
            budget.ChargeMemory(PickleDictionary.EntryCost);
            dictionary.Set(key, value);
        }

        return dictionary;
    }

    private PickleList Set(PickleGlobal function, PickleTuple arguments)
    {
        budget.ChargeMemory(PickleList.Cost);
        var set = new PickleList();
        IReadOnlyList<object?> items = arguments.Count switch
        {
            0 => [],
            1 when arguments[0] is PickleList or PickleTuple => (IReadOnlyList<object?>)arguments[0]!,
            _ => throw Misused(function),
        };
        foreach (object? item in items)
        {
            budget.ChargeMemory(PickleList.ItemCost);
            set.Add(item);
        }

        return set;
    }

    private static Complex ComplexNumber(PickleGlobal function, PickleTuple arguments) =>
        arguments.Count == 2 && arguments[0] is double real && arguments[1] is double imaginary
            ? new Complex(real, imaginary)
            : throw Misused(function);

    private byte[] Encode(PickleGlobal function, PickleTuple arguments)
    {
        if (arguments.Count != 2 || arguments[0] is not string text || arguments[1] is not ("latin1" or "latin-1"))
        {
            throw Misused(function);
        }

        budget.ChargeMemory(24 + text.Length);
        return PickleText.Latin1(text);
    }

    /// <summary>How protocols 0 and 1 make an object: (class, base class, what the base class is made of).</summary>
    private static PickleObject Reconstruct(PickleGlobal function, PickleTuple arguments) =>
        arguments.Count == 3 && arguments[0] is PickleGlobal @class
            ? new PickleObject(@class, arguments[2] is null ? new PickleTuple() : new PickleTuple(arguments[2]))
            : throw Misused(function);

    private static InvalidDataException Misused(PickleGlobal function) =>
        new($"{function} is given arguments that it does not take");
}
