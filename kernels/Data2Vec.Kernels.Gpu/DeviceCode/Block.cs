namespace Data2Vec.Kernels.Gpu.DeviceCode;

/// <summary>A block of four rows and four columns of a product, in registers.</summary>
internal struct Block
{
    public Four A;
    public Four B;
    public Four C;
    public Four D;

    /// <summary>Adds the product of a column of four numbers and a row of four.</summary>
    public static Block MultiplyAdd(Block sum, Four column, Four row)
    {
        sum.A = Four.MultiplyAdd(sum.A, column.X, row);
        sum.B = Four.MultiplyAdd(sum.B, column.Y, row);
        sum.C = Four.MultiplyAdd(sum.C, column.Z, row);
        sum.D = Four.MultiplyAdd(sum.D, column.W, row);
        return sum;
    }

    /// <summary>Multiplies each row by its number.</summary>
    public static Block Scale(Block block, Four factors)
    {
        block.A *= factors.X;
        block.B *= factors.Y;
        block.C *= factors.Z;
        block.D *= factors.W;
        return block;
    }

    public readonly Four Row(int row) => row == 0 ? A : row == 1 ? B : row == 2 ? C : D;
}
