using System.Text.Json.Nodes;
using Data2Vec.Converters.Exports;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;
using Data2Vec.Training.Recipes;
using Data2Vec.Training.State;

namespace Data2Vec.Cli;

/// <summary><c>data2vec export</c>: writes the model of a run for other programs.</summary>
internal static class ExportCommand
{
    private const string Fairseq = "fairseq", HuggingFace = "huggingface";

    public static Command Create()
    {
        var run = new Argument<string>("RUN") { Description = "The folder of a run, a model file (.d2v), or the name of a pulled model" };
        var format = new Option<string>("--to") { Description = "The format: d2v (a model file), fairseq (a checkpoint that fairseq trains on), huggingface (a folder for transformers)", Required = true };
        format.AcceptOnlyFromAmong("d2v", Fairseq, HuggingFace);
        var output = new Option<string>("--output", "-o") { Description = "The file or folder to write", Required = true, HelpName = "PATH" };
        var teacher = new Option<bool>("--teacher") { Description = "Export the teacher of pretraining instead of the student" };
        Option<string> type = OptionFactory.Dtype();
        type.Aliases.Add("--type");
        var command = new Command("export", "Write the model of a run for other programs") { run, format, output, teacher, type };
        command.SetAction(parsed =>
        {
            string source = ModelName.ResolveRun(parsed.GetRequiredValue(run), TrainingState.FileName), to = parsed.GetRequiredValue(format), target = parsed.GetRequiredValue(output);
            ElementType numbers = OptionFactory.ParseDtype(parsed.GetRequiredValue(type));
            if (to != "d2v" && numbers != ElementType.F32)
            {
                throw new UsageException("--dtype is for --to d2v; the other formats are written in f32");
            }

            if (to == Fairseq && parsed.GetValue(teacher))
            {
                throw new UsageException("--teacher: a checkpoint of fairseq has the student and the teacher");
            }

            if (to != HuggingFace)
            {
                target = Files.ModelTarget(target);
                Files.RequireOther(target, source);
            }
            else if (File.Exists(target))
            {
                throw new IOException($"{target}: a file; the model is written into a folder");
            }

            Write(source, to, target, parsed.GetValue(teacher), numbers);
            parsed.InvocationConfiguration.Output.WriteLine(parsed.GetRequiredValue(output));
        });
        return command;
    }

    private static void Write(string source, string to, string target, bool isTeacher, ElementType type)
    {
        using (D2vFile file = D2vFile.Open(source))
        {
            bool isState = file.Architecture == TrainingState.Architecture;
            if (!isState && isTeacher)
            {
                throw new UsageException($"{source}: a model file has no teacher; give the folder of a run");
            }

            if (!isState)
            {
                Write(file, to, target, null, null, type);
                return;
            }
        }

        using TrainingState state = TrainingState.Open(source);
        using D2vFile student = state.OpenStudent();
        using D2vFile? teacher = state.HasTeacher ? state.OpenTeacher() : null;
        if (isTeacher && teacher is null)
        {
            throw new UsageException($"{source}: a run of fine-tuning has no teacher");
        }

        Write(isTeacher ? teacher! : student, to, target, teacher, state, type);
    }

    private static void Write(D2vFile model, string to, string target, D2vFile? teacher, TrainingState? state, ElementType type)
    {
        switch (to)
        {
            case Fairseq:
                FairseqExport.Write(target, model, teacher, state is null ? null : Run(state));
                break;
            case HuggingFace:
                HuggingFaceExport.Write(target, model);
                break;
            default:
                TrainedModel.Write(target, model, new JsonObject { ["tool"] = "data2vec", ["updates"] = state?.Progress.Update }, type);
                break;
        }
    }

    private static FairseqRun Run(TrainingState state)
    {
        TrainingProgress progress = state.Progress;
        OptimizerSettings optimizer = RecipeFile.OptimizerOf(progress.Recipe);
        return new FairseqRun
        {
            Updates = progress.Update,
            Epoch = progress.Epoch + 1,
            Adam = new FairseqAdam
            {
                Mean = name => state.Read($"adam.mean.{name}"),
                Square = name => state.Read($"adam.square.{name}"),
                Steps = progress.AdamSteps,
                Rate = optimizer.LearningRate,
                Beta1 = optimizer.Beta1,
                Beta2 = optimizer.Beta2,
                Epsilon = optimizer.Epsilon,
                WeightDecay = optimizer.WeightDecay,
            },
        };
    }
}
