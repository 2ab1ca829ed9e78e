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

    /// <summary>The object that would have been called when that is itself the result of a call, else null.</summary>
    public PickleObject? Callable { get; internal init; }

    /// <summary>What would have been handed to <c>__setstate__</c> or <c>__dict__</c>: mostly a dictionary of attributes.</summary>
    public object? State { get; internal set; }

    /// <summary>The items that would have been appended to the object, when it is a kind of list.</summary>
    public PickleList? Items { get; internal set; }

    /// <summary>The entries that would have been set on the object, when it is a kind of dictionary.</summary>
    public PickleDictionary? Entries { get; internal set; }

    /// <summary>Why a tensor could not be made of it, when it stands where Python has a tensor.</summary>
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
