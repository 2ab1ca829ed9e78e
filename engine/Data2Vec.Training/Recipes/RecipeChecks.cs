namespace Data2Vec.Training.Recipes;

/// <summary>Requires that the numbers of a recipe are possible, so that a wrong one is named before any work is done.</summary>
internal static class RecipeChecks
{
    /// <exception cref="InvalidDataException">A setting is out of range. The message names it.</exception>
    public static void Require(PretrainingRecipe recipe)
    {
        AtLeast("updates", recipe.Updates, 1);
        Require(recipe.Batch);
        Require(recipe.Optimizer);
        Share("teacher.start", recipe.Teacher.Start);
        Share("teacher.end", recipe.Teacher.End);
        AtLeast("teacher.updates", recipe.Teacher.Updates, 0);
        AtLeast("top_layers", recipe.TopLayers ?? 1, 1);
        AtLeast("loss_beta", recipe.LossBeta ?? 0, 0);
        Require("mask", recipe.Mask);
        Require(recipe.Dropout);
        Require(recipe.Images);
        Samples(recipe.MinSamples, recipe.MaxSamples);
    }

    /// <inheritdoc cref="Require(PretrainingRecipe)"/>
    public static void Require(FineTuningRecipe recipe)
    {
        AtLeast("updates", recipe.Updates ?? 1, 1);
        If(!(recipe.Epochs > 0 && double.IsFinite(recipe.Epochs)), "epochs", recipe.Epochs, "more than 0");
        Require(recipe.Batch);
        Require(recipe.Optimizer);
        Require(recipe.Dropout);
        AtLeast("frozen_updates", recipe.FrozenUpdates, 0);
        Share("label_smoothing", recipe.LabelSmoothing);
        AtLeast("validate_every", recipe.ValidateEvery ?? 1, 1);
        Require("time_mask", recipe.TimeMask ?? new MaskSettings());
        Require("channel_mask", recipe.ChannelMask ?? new MaskSettings());
        Require(recipe.Images);
        Samples(recipe.MinSamples, recipe.MaxSamples);
    }

    private static void Require(BatchSettings batch)
    {
        AtLeast("batch.rows", batch.Rows ?? 1, 1);
        AtLeast("batch.items", batch.Items ?? 1, 1);
        AtLeast("batch.accumulate", batch.Accumulate, 1);
        if (batch.Rows is null && batch.Items is null)
        {
            throw new InvalidDataException("the recipe has no 'batch.rows' and no 'batch.items'; one of them must limit a batch");
        }
    }

    private static void Require(OptimizerSettings optimizer)
    {
        If(!(optimizer.LearningRate > 0 && double.IsFinite(optimizer.LearningRate)), "optimizer.learning_rate", optimizer.LearningRate, "more than 0");
        Share("optimizer.warm_up", optimizer.WarmUp);
        Share("optimizer.hold", optimizer.Hold);
        If(optimizer.WarmUp + optimizer.Hold > 1, "optimizer.hold", optimizer.Hold, "at most 1 together with 'optimizer.warm_up'");
        Share("optimizer.final_scale", optimizer.FinalScale);
        If(!(optimizer.Beta1 is >= 0 and < 1), "optimizer.beta1", optimizer.Beta1, "from 0 to less than 1");
        If(!(optimizer.Beta2 is >= 0 and < 1), "optimizer.beta2", optimizer.Beta2, "from 0 to less than 1");
        If(!(optimizer.Epsilon > 0), "optimizer.epsilon", optimizer.Epsilon, "more than 0");
        AtLeast("optimizer.weight_decay", optimizer.WeightDecay, 0);
        AtLeast("optimizer.clip_norm", optimizer.ClipNorm, 0);
        If(!(optimizer.LayerDecay is > 0 and <= 1), "optimizer.layer_decay", optimizer.LayerDecay, "more than 0 and at most 1");
    }

    private static void Require(string name, MaskSettings mask)
    {
        Share($"{name}.probability", mask.Probability);
        AtLeast($"{name}.length", mask.Length, 1);
        AtLeast($"{name}.patches", mask.Patches, 1);
        AtLeast($"{name}.least_block", mask.LeastBlock, 1);
        AtLeast($"{name}.largest_block", mask.LargestBlock, mask.LeastBlock);
    }

    private static void Require(Network.DropoutRates dropout)
    {
        Rate("input", dropout.Input);
        Rate("branch", dropout.Branch);
        Rate("activation", dropout.Activation);
        Rate("attention", dropout.Attention);
        Rate("head", dropout.Head);
        Rate("layer", dropout.Layer);
        Rate("path", dropout.Path);

        static void Rate(string name, double value) => If(!(value is >= 0 and < 1), $"dropout.{name}", value, "from 0 to less than 1");
    }

    private static void Require(ImageVariation images)
    {
        If(!(images.LeastArea is > 0 and <= 1), "images.least_area", images.LeastArea, "more than 0 and at most 1");
        Share("images.flip", images.Flip);
        Share("images.color_jitter", images.ColorJitter);
        Share("images.erase", images.Erase);
        AtLeast("images.mixup", images.Mixup, 0);
        AtLeast("images.cut_mix", images.CutMix, 0);
    }

    private static void Samples(int least, int most)
    {
        AtLeast("min_samples", least, 1);
        AtLeast("max_samples", most, least);
    }

    private static void Share(string name, double value) => If(!(value is >= 0 and <= 1), name, value, "from 0 to 1");

    private static void AtLeast(string name, double value, double least) =>
        If(!(value >= least && double.IsFinite(value)), name, value, FormattableString.Invariant($"at least {least}"));

    private static void If(bool isWrong, string name, double value, string right)
    {
        if (isWrong)
        {
            throw new InvalidDataException(FormattableString.Invariant($"the recipe's '{name}' is {value}; it must be {right}"));
        }
    }
}
