using Data2Vec.Training.Recipes;

namespace Data2Vec.Cli;

/// <summary><c>data2vec recipes</c>: lists the recipes for training and evaluation, or prints one.</summary>
internal static class RecipesCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("NAME") { Description = "The recipe to print; default: list all", Arity = ArgumentArity.ZeroOrOne };
        var isFineTuning = new Option<bool>("--finetune") { Description = "Print the recipe for fine-tuning, if one for pretraining has the same name" };
        var command = new Command("recipes", "List the recipes of pretrain, finetune and evaluate, or print one as JSON") { name, isFineTuning };
        command.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(name) is { } given)
            {
                string? text = parsed.GetValue(isFineTuning) ? null : RecipeFile.PresetText(given, isFineTuning: false);
                output.Write(text ?? RecipeFile.PresetText(given, isFineTuning: true) ?? EvaluationRecipe.TextOf(given) ?? throw new UsageException($"{given}: no such recipe; see data2vec recipes"));
                return;
            }

            foreach (string recipe in RecipeFile.PretrainingNames)
            {
                output.WriteLine($"pretrain\t{recipe}\t{RecipeFile.ReadPretraining(recipe).Description}");
            }

            foreach (string recipe in RecipeFile.FineTuningNames)
            {
                output.WriteLine($"finetune\t{recipe}\t{RecipeFile.ReadFineTuning(recipe).Description}");
            }

            foreach (string recipe in EvaluationRecipe.Names)
            {
                var evaluation = EvaluationRecipe.Read(recipe);
                output.WriteLine($"evaluate {evaluation.Command}\t{recipe}\t{evaluation.Description}");
            }
        });
        return command;
    }
}
