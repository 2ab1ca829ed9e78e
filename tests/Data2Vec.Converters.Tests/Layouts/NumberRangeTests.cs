using Data2Vec.Converters.Tests.Safetensors;
using Data2Vec.Kernels;

namespace Data2Vec.Converters.Tests.Layouts;

/// <summary>Numbers that the model file's format cannot hold.</summary>
public sealed class NumberRangeTests : IDisposable
{
    private const string Name = "head.weight", Model = "classifier.output.weight";

    private readonly Folder _folder = new();

    [Theory]
    [InlineData(3.4e38f, ElementType.BF16, "bf16")]
    [InlineData(-3.4e38f, ElementType.BF16, "bf16")]
    [InlineData(65_520f, ElementType.F16, "f16")]
    [InlineData(-1e30f, ElementType.F16, "f16")]
    public void A_number_that_would_become_infinity_is_refused_with_its_tensor(float value, ElementType type, string name)
    {
        string checkpoint = Save(value);
        Assert.Contains($"tensor '{Model}' holds {value}, which {name} cannot", Refuse(checkpoint, type), StringComparison.Ordinal);
        CheckpointConverter.Convert(checkpoint, _folder.PathOf("whole.d2v"));
    }

    [Theory, InlineData(3.38e38f, ElementType.BF16), InlineData(65_500f, ElementType.F16)]
    public void A_number_that_the_format_can_hold_is_converted(float value, ElementType type) =>
        CheckpointConverter.Convert(Save(value), _folder.PathOf("whole.d2v"), new ConversionOptions { Type = type });

    public void Dispose() => _folder.Dispose();

    private string Save(float value)
    {
        StateDict weights = StateDict.OfFairseq("vision", "vision_tiny_cls.pt").Rename(LayoutTests.BeitNames);
        weights[Name].Values[5] = value;
        return _folder.Add("model.pth", weights.ToTorch("model"));
    }

    private string Refuse(string checkpoint, ElementType type)
    {
        string message = Assert.Throws<InvalidDataException>(
            () => CheckpointConverter.Convert(checkpoint, _folder.PathOf("refused.d2v"), new ConversionOptions { Type = type })).Message;
        Assert.False(File.Exists(_folder.PathOf("refused.d2v")));
        return message;
    }
}
