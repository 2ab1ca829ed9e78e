namespace Data2Vec;

/// <summary>How the rows of a hidden state become one vector.</summary>
public enum Pooling
{
    /// <summary>All rows are kept: <c>[rows, features]</c>.</summary>
    None,

    /// <summary>The mean of the rows. For images it skips the class token.</summary>
    Mean,

    /// <summary>The first row, for models with a row that represents the whole input (<c>&lt;s&gt;</c>, the class token).</summary>
    Class,

    /// <summary>
    /// The vector that the model itself makes of the encoder's output, for a classification head or for its users: for example a normalization of the
    /// mean, or a linear layer and tanh after the class token. Of a layer it is the rows that this vector is made of, without more.
    /// </summary>
    Pooler,
}
