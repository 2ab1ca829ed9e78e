namespace Data2Vec.Corpus;

/// <summary>The types of a result's columns.</summary>
internal enum ColumnType
{
    /// <summary>A text.</summary>
    Text,

    /// <summary>A number in single precision.</summary>
    Single,

    /// <summary>A number in double precision.</summary>
    Double,

    /// <summary>Yes or no.</summary>
    Boolean,

    /// <summary>Numbers in single precision.</summary>
    Singles,
}

/// <summary>A column of a task's results. Rows with an error have no value.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The type of the values: <see cref="string"/>, <see cref="float"/>, <see cref="double"/>, <see cref="bool"/> or an array of <see cref="float"/>.</param>
internal readonly record struct ResultColumn(string Name, ColumnType Type);
