namespace Data2Vec.Kernels.Gpu.Tests;

public class CudaStartTests
{
    [Theory]
    [InlineData(34, "stub")]
    [InlineData(100, "CUDA_VISIBLE_DEVICES")]
    [InlineData(803, "kernel module")]
    [InlineData(999, "nvidia_uvm")]
    [InlineData(12345, "CUresult")]
    public void A_refusal_of_the_driver_has_a_meaning_and_a_way_out(int result, string expected) =>
        Assert.Contains(expected, CudaStart.Describe(result), StringComparison.Ordinal);

    [Fact]
    public void A_driver_that_starts_has_no_problem() => Assert.Null(CudaStart.Describe(0));
}
