using System.Reflection;
using System.Runtime.InteropServices;
using Data2Vec.Kernels.Gpu.DeviceCode;

namespace Data2Vec.Kernels.Gpu.Tests;

public class ArgumentTests
{
    /// <summary>Graphs are compared by the bits of arguments; padding would be undefined.</summary>
    [Theory, InlineData(typeof(MatrixArguments)), InlineData(typeof(NormArguments)), InlineData(typeof(RowArguments)), InlineData(typeof(PoolArguments)), InlineData(typeof(AttentionArguments))]
    public void Kernel_arguments_have_no_padding(Type arguments)
    {
        int size = arguments.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Sum(field => Marshal.SizeOf(field.FieldType));
        Assert.Equal(size, Marshal.SizeOf(arguments));
    }
}
