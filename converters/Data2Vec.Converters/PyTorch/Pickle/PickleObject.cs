namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// The inert placeholder of an object that Python would have made by calling a class or function: what would have been
/// called, with which arguments, and what would have been set on the result. Nothing was called.
/// </summary>
public sealed class PickleObject
{
    internal PickleObject(PickleGlobal @class, PickleTuple arguments) => (Class, Arguments) = (@class, arguments);

    /// <summary>The class or function that would have been called; of a call's result, the one that began the chain.</summary>
    public PickleGlobal Class { get; }

    /// <summary>The module of <see cref="Class"/>, such as <c>argparse</c>.</summary>
    public string Module => Class.Module;

    /// <summary>The name of <see cref="Class"/>, such as <c>Namespace</c>.</summary>
    public string Name => Class.Name;

    /// <summary>The arguments of the call.</summary>
    public PickleTuple Arguments { get; }

    /// <summary>The keyword arguments of the call, rarely any.</summary>
    public PickleDictionary? KeywordArguments { get; internal init; }

    /// <summary>The callable if it is itself the result of a call; otherwise null.</summary>
    public PickleObject? Callable { get; internal init; }

    /// <summary>The argument of <c>__setstate__</c> or the content of <c>__dict__</c>, usually a dictionary of attributes.</summary>
    public object? State { get; internal set; }

    /// <summary>The items appended to the object, if it is a kind of list.</summary>
    public PickleList? Items { get; internal set; }

    /// <summary>The entries set on the object, if it is a kind of dictionary.</summary>
    public PickleDictionary? Entries { get; internal set; }

    /// <summary>The reason why the object, a tensor in Python, cannot be read.</summary>
    internal string? Remark { get; init; }

    /// <summary>Finds an attribute in <see cref="State"/>: in its dictionary, or in the two of an object with slots.</summary>
    public bool TryGetAttribute(string name, out object? value)
    {
        value = null;
        return State switch
        {
            PickleDictionary attributes => attributes.TryGetValue(name, out value),
            PickleTuple { Count: 2 } pair =>
                (pair[0] is PickleDictionary first && first.TryGetValue(name, out value)) ||
                (pair[1] is PickleDictionary slots && slots.TryGetValue(name, out value)),
            _ => false,
        };
    }

    /// <summary>The name of the class.</summary>
    public override string ToString() => Class.ToString();
}

/// <summary>The name of a Python class or function, which is never resolved.</summary>
public sealed class PickleGlobal
{
    internal PickleGlobal(string module, string name) => (Module, Name) = (module, name);

    /// <summary>The module, such as <c>torch</c>.</summary>
    public string Module { get; }

    /// <summary>The name in its module, such as <c>float32</c>.</summary>
    public string Name { get; }

    /// <summary>Module and name with a dot between them, shortened when they are long.</summary>
    public override string ToString() => $"{PickleText.Quote(Module)}.{PickleText.Quote(Name)}";
}
