namespace Data2Vec.Converters.Layouts;

/// <summary>What a tensor is used for, which says how a model file holds it.</summary>
internal enum TensorUse
{
    /// <summary>The matrix of a product: in the format and layout that runs best.</summary>
    Weights,

    /// <summary>Rows that are looked up: in the format of the weights, by rows.</summary>
    Table,

    /// <summary>Numbers that are used one by one, biases for example: always f32, by rows.</summary>
    Values,
}
