using Data2Vec.Vision;
using Data2Vec.Vision.Images;

namespace Data2Vec.Converters.Layouts;

/// <summary>DINO: a checkpoint with a student and a teacher, or the backbone of the teacher alone.</summary>
internal static class Dino
{
    private const string Teacher = "teacher", Student = "student", Backbone = "backbone.";

    /// <summary>A checkpoint of pre-training.</summary>
    public static VitSource Source { get; } = Flat with
    {
        Recognizes = checkpoint => Group(checkpoint, Teacher) is not null || Group(checkpoint, Student) is not null,
        Select = Select,
        Part = (_, given) => $", the {(given.Student ? Student : Teacher)}",
        HasStudent = true,
        Layers = (checkpoint, given) => Group(checkpoint, given.Student ? Teacher : Student) is { } other
            ? (Math.Max(other.CountLayers($"{Backbone}{VitLayouts.Blocks}"), other.CountLayers(VitLayouts.Blocks)), $"the {(given.Student ? Teacher : Student)} in the checkpoint has")
            : null,
        IsTeacher = given => !given.Student,
    };

    /// <summary>A backbone alone.</summary>
    public static VitSource Flat => new("DINO", "DINO vision transformer", checkpoint => VitLayouts.HasTimmNames(checkpoint.Weights) && !checkpoint.Weights.Contains("fc_norm.weight"))
    {
        Select = Warn,
        Interpolation = PositionInterpolation.BicubicOffset,
        Preprocessing = _ => size => ImagePreparation.ResizeThenCrop(size, size * 256 / 224.0, isImageNet: true, Interpolation.Bicubic),
    };

    private static SourceCheckpoint Warn(SourceCheckpoint checkpoint, ConversionOptions given)
    {
        checkpoint.Warnings.Add(
            "nothing in the checkpoint but the names of its tensors tells whose it is; it is taken for DINO's, which says how positions are interpolated and images are prepared");
        return checkpoint;
    }

    private static SourceCheckpoint Select(SourceCheckpoint checkpoint, ConversionOptions given)
    {
        string wanted = given.Student ? Student : Teacher;
        Weights group = Group(checkpoint, wanted)
            ?? throw new InvalidDataException($"a DINO checkpoint without a {wanted}; it has the {(given.Student ? Teacher : Student)}{(given.Student ? "" : ", which --student converts")}");

        // The projection head is for pre-training.
        return checkpoint with { Weights = group.Except(name => !name.StartsWith(Backbone, StringComparison.Ordinal) && group.Contains(Backbone + "cls_token")).Without(Backbone) };
    }

    private static Weights? Group(SourceCheckpoint checkpoint, string name) =>
        checkpoint.Weights.Group(name) is { } group && group.Names.Any(tensor => tensor.EndsWith("patch_embed.proj.weight", StringComparison.Ordinal)) ? group : null;
}
