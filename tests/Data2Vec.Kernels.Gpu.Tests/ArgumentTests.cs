using System.Reflection;
using System.Runtime.InteropServices;
using Data2Vec.Kernels.Gpu.DeviceCode;

namespace Data2Vec.Kernels.Gpu.Tests;

public class ArgumentTests
{
    /// <summary>Graphs are found by their arguments' bits: what lies in gaps could be anything.</summary>
    [Theory, InlineData(typeof(MatrixArguments)), InlineData(typeof(NormArguments)), InlineData(typeof(RowArguments)), InlineData(typeof(PoolArguments)), InlineData(typeof(AttentionArguments))]
    public void Arguments_of_kernels_have_no_gaps(Type arguments)
    {
        int size = arguments.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Sum(field => Marshal.SizeOf(field.FieldType));
        Assert.Equal(size, Marshal.SizeOf(arguments));
    }
}
