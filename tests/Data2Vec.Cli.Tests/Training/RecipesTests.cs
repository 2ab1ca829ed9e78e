using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Training.Data;
using Data2Vec.Training.FineTuning;
using Data2Vec.Training.Recipes;
using Data2Vec.Training.Runs;

namespace Data2Vec.Cli.Tests.Training;

public sealed class RecipesTests
{
    public static TheoryData<string> Pretraining => [.. RecipeFile.PretrainingNames];

    public static TheoryData<string> FineTuning => [.. RecipeFile.FineTuningNames];

    [Fact]
    public void The_recipes_are_listed_and_printed()
    {
        (int code, string output, _) = CommandLine.Run("recipes");
        Assert.Equal(0, code);
        Assert.Equal(RecipeFile.PretrainingNames.Concat(RecipeFile.FineTuningNames).Concat(EvaluationRecipe.Names), output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')[1]));
        Assert.All(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.True(line.TrimEnd().Split('\t')[2].Length > 20, line));
        Assert.Equal("vision", JsonNode.Parse(CommandLine.Run("recipes", "image-base").Output)!["modality"]!.GetValue<string>());
        Assert.Contains("\"model\"", CommandLine.Run("recipes", "image-base").Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\"model\"", CommandLine.Run("recipes", "image-base", "--finetune").Output, StringComparison.Ordinal);
        Assert.Contains("time_mask", CommandLine.Run("recipes", "speech-10h").Output, StringComparison.Ordinal);
        Assert.Contains("published", CommandLine.Run("recipes", "data2vec/librispeech-100h").Output, StringComparison.Ordinal);
        Assert.Equal(2, CommandLine.Run("recipes", "poems").Code);
    }

    [Theory, MemberData(nameof(Pretraining))]
    public void A_recipe_for_pretraining_is_possible_and_describes_a_model(string name)
    {
        PretrainingRecipe recipe = RecipeFile.ReadPretraining(name, Vocabulary(name));
        RecipeChecks.Require(recipe);
        ModelStart start = ModelStart.New(recipe);
        Assert.Equal(recipe.Modality, start.Config.Modality);
        Assert.True((recipe.TopLayers ?? 1) <= start.Config.Layers);
        Assert.NotEmpty(start.Config.ListParameters());

        static Dictionary<string, string> Vocabulary(string name) =>
            name.StartsWith("text-", StringComparison.Ordinal) ? new() { ["model.vocabulary_size"] = "50265" } : [];
    }

    [Theory, MemberData(nameof(FineTuning))]
    public void A_recipe_for_fine_tuning_is_possible(string name) => RecipeChecks.Require(RecipeFile.ReadFineTuning(name));

    [Fact]
    public void A_mask_of_probability_0_masks_nothing_and_a_rare_one_leaves_whole_recordings()
    {
        FineTuningRecipe recipe = RecipeFile.ReadFineTuning("speech-small");
        var config = (AudioConfig)ModelStart.New(RecipeFile.ReadPretraining("speech-small")).Config;
        TrainingItem<float, int[]>[] items = [.. Enumerable.Range(0, 20).Select(i => new TrainingItem<float, int[]>(i, new float[16_000], [4]))];
        var labels = TranscriptLabels.FromTranscripts(["a"]);
        FineTuningBatch<float, ReadOnlyMemory<int>> usual = new TranscriptTask(config, labels, recipe).Batch(items, 0);
        Assert.Contains(true, usual.TimeMask!);
        Assert.All(usual.ChannelMask!, Assert.NotEmpty);

        MaskSettings never = new() { Probability = 0 }, rarely = recipe.ChannelMask! with { Probability = 0.01 };
        FineTuningBatch<float, ReadOnlyMemory<int>> none = new TranscriptTask(config, labels, recipe with { TimeMask = never, ChannelMask = never }).Batch(items, 0);
        Assert.Null(none.TimeMask);
        Assert.Null(none.ChannelMask);
        Assert.Contains(new TranscriptTask(config, labels, recipe with { ChannelMask = rarely }).Batch(items, 0).ChannelMask!, channels => channels.Length == 0);
    }

    [Fact]
    public void What_a_recipe_does_not_say_has_the_defaults()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, """{"modality": "speech", "updates": 7, "batch": {"rows": 5}, "optimizer": {"learning_rate": 0.1}}""");
            PretrainingRecipe recipe = RecipeFile.ReadPretraining(path);
            var expected = new PretrainingRecipe
            {
                Modality = Modality.Speech,
                Updates = 7,
                Batch = new BatchSettings { Rows = 5 },
                Optimizer = new OptimizerSettings { LearningRate = 0.1 },
            };
            Assert.Equal(expected, recipe);
            File.WriteAllText(path, """{"modality": "speech", "batch": {"rows": 5}, "time_mask": {"length": 3}}""");
            Assert.Equal(new MaskSettings { Length = 3 }, RecipeFile.ReadFineTuning(path).TimeMask);
            File.WriteAllText(path, """{"modality": "speech", "updates": 7, "updates": 8}""");
            Assert.Contains("updates", Assert.Throws<InvalidDataException>(() => RecipeFile.ReadPretraining(path)).Message, StringComparison.Ordinal);
            File.WriteAllText(path, """{"updates": 7}""");
            Assert.Contains("no 'modality'", Assert.Throws<InvalidDataException>(() => RecipeFile.ReadPretraining(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
