using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Cli.Tests;

public class FallbackTests
{
    [Fact]
    public void Models_that_a_device_cannot_hold_run_on_the_CPU_and_the_reason_is_reported_once()
    {
        using var error = new StringWriter();
        using (ModelSet models = Open(() => new CpuBackend(1), error, "text.d2v", "image.d2v"))
        {
            Assert.Equal("data2vec: full: 9 MiB are wanted; running on the CPU instead", error.ToString().TrimEnd());
        }
    }

    [Fact]
    public void A_device_chosen_by_name_has_no_fallback()
    {
        using var error = new StringWriter();
        Assert.Throws<InsufficientMemoryException>(() => Open(null, error, "text.d2v"));
        Assert.Empty(error.ToString());
    }

    private static ModelSet Open(Func<Backend>? fallback, TextWriter error, params string[] names) =>
        new([.. names.Select(Files.Bundled)], new Dictionary<Modality, string>(), new Device(new FullDevice(), fallback, error));

    private sealed class FullDevice : Backend
    {
        public override string Name => "full";

        public override string Description => "a device without memory";

        public override WeightStore CreateStore() => throw new InsufficientMemoryException("full: 9 MiB are wanted");
    }
}
