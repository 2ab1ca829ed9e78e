namespace Data2Vec.Converters.PyTorch;

/// <summary>The name of a Python class or function. It is never looked up, only carried along.</summary>
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
