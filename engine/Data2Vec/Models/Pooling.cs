namespace Data2Vec;

/// <summary>How the rows of a hidden state become one vector.</summary>
public enum Pooling
{
    /// <summary>They stay as they are: <c>[rows, features]</c>.</summary>
    None,

    /// <summary>Their mean; for images without the class token.</summary>
    Mean,

    /// <summary>The first row, where a model has one that stands for the whole input (<c>&lt;s&gt;</c>, the class token).</summary>
    Class,
}
