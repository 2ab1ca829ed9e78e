using Data2Vec.Training.Runs;
using Data2Vec.Training.State;

namespace Data2Vec.Cli.Tests.Training;

public sealed class FineTuneTests : IDisposable
{
    private readonly RunFolder _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void A_run_of_pretraining_learns_to_transcribe()
    {
        string data = _files.Recordings();
        Pretrain("speech", data);
        (int code, string output, string error) = CommandLine.Run(
            "finetune", _files["pretrained"], "--data", data, "--validation", data, "--recipe", _files.TaskRecipe("speech"), "-o", _files["run"]);
        Assert.True(code == 0, error);
        Assert.Contains("update 2: validation wer ", error, StringComparison.Ordinal);
        Assert.Contains("best.d2v", output, StringComparison.Ordinal);
        (code, _, error) = CommandLine.Run("transcribe", "--model", _files["run/model.d2v"], _files["recordings/0.wav"]);
        Assert.True(code == 0, error);
    }

    [Fact]
    public void A_text_model_learns_classes_and_its_answers_have_them()
    {
        Pretrain("text", _files.Texts(), "--tokenizer", _files.Tokenizer());
        (int code, _, string error) = CommandLine.Run(
            "finetune", _files["pretrained/model.d2v"], "--data", _files.Labelled(), "--hold-out", "0.2", "--recipe", _files.TaskRecipe("text"), "-o", _files["run"],
            "--set", "updates=60", "--set", "validate_every=20", "--set", "optimizer.learning_rate=0.01");
        Assert.True(code == 0, error);
        Assert.Contains("validation accuracy", error, StringComparison.Ordinal);
        (code, string output, error) = CommandLine.Run("classify", "--model", _files["run/model.d2v"], "--text", "2", "--top", "1");
        Assert.True(code == 0, error);
        Assert.Contains("yes", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_model_learns_numbers()
    {
        Pretrain("text", _files.Texts(), "--tokenizer", _files.Tokenizer());
        string data = _files.Write("scores.tsv", "a\tb\tmark\n" + string.Concat(Enumerable.Range(0, 8).Select(i => $"one {i}\ttwo {i}\t{i / 2.0}\n".Replace(',', '.'))));
        (int code, _, string error) = CommandLine.Run(
            "finetune", _files["pretrained"], "--data", data, "--task", "regression", "--text-column", "a", "--text-column", "b", "--label-column", "mark",
            "--recipe", _files.TaskRecipe("text"), "-o", _files["run"]);
        Assert.True(code == 0, error);
        Assert.Contains("there is nothing to measure with", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_of_GLUE_brings_its_columns_and_its_file_to_measure_with()
    {
        Pretrain("text", _files.Texts(), "--tokenizer", _files.Tokenizer());
        _files.Write("CoLA/train.tsv", string.Concat(Enumerable.Range(0, 8).Select(i => $"x\t{i % 2}\t\tsentence {i}\n")));
        _files.Write("CoLA/dev.tsv", "x\t1\t\tsentence\nx\t0\t\tanother\n");
        (int code, _, string error) = CommandLine.Run(
            "finetune", _files["pretrained"], "--data", _files["CoLA"], "--task", "cola", "--recipe", _files.TaskRecipe("text"), "-o", _files["run"]);
        Assert.True(code == 0, error);
        Assert.Contains("matthews", error, StringComparison.Ordinal);
        using (TrainingState state = TrainingState.Open(_files["run/state.d2v"]))
        {
            Assert.Equal("matthews", state.Progress.Recipe["best_by"]?.GetValue<string>());
        }

        (code, _, error) = CommandLine.Run(
            "finetune", _files["pretrained"], "--data", _files["CoLA"], "--task", "cola", "--recipe", _files.TaskRecipe("text"), "-o", _files["other"], "--set", "best_by=wer");
        Assert.Equal(1, code);
        Assert.Contains("'best_by' is 'wer'; what is measured here is accuracy, f1, matthews", error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_model_learns_the_folders_of_classes()
    {
        string data = _files.Images();
        Pretrain("image", data);
        (int code, _, string error) = CommandLine.Run(
            "finetune", _files["pretrained"], "--data", data, "--hold-out", "0.34", "--recipe", _files.TaskRecipe("vision"), "-o", _files["run"], "--set", "images.mixup=0.8");
        Assert.True(code == 0, error);
        (code, string output, error) = CommandLine.Run("classify", "--model", _files["run/model.d2v"], _files["images/cats/0.png"]);
        Assert.True(code == 0, error);
        Assert.Contains("cats", output, StringComparison.Ordinal);
        Assert.Contains("dogs", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_is_kept_for_the_same_classes_and_made_anew_for_others()
    {
        Pretrain("text", _files.Texts(), "--tokenizer", _files.Tokenizer());
        string first = Tune("pretrained", _files.Labelled(), "first", 1);
        string same = Tune("first", _files.Labelled(), "same", 2);
        string other = Tune("first", _files.Write("other.csv", File.ReadAllText(_files.Labelled()).Replace("yes", "ja", StringComparison.Ordinal)), "other", 2);
        float[] trained = Head(first);
        Assert.All(Head(same).Zip(trained), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
        Assert.True(Head(other).Zip(trained).Average(pair => Math.Abs(pair.First - pair.Second)) > 1e-3);

        // Another seed draws another new head.
        string Tune(string model, string data, string run, int seed)
        {
            (int code, _, string error) = CommandLine.Run(
                "finetune", _files[model], "--data", data, "--recipe", _files.TaskRecipe("text"), "-o", _files[run], "--set", "updates=1", "--set", "optimizer.learning_rate=1e-6",
                "--set", $"seed={seed}");
            Assert.True(code == 0, error);
            return _files[$"{run}/model.d2v"];
        }

        static float[] Head(string model) =>
            ModelStart.Open(model).Read(new Parameters.Parameter("classifier.output.weight", [2, 32], Parameters.ParameterRole.Product)) ?? throw new InvalidOperationException();
    }

    [Fact]
    public void A_model_with_rounded_weights_is_trained_with_a_warning()
    {
        string checkpoint = Path.Combine(AppContext.BaseDirectory, "Fixtures", "text", "text_tiny.pt"), tokenizer = _files.Tokenizer(isSmall: true), model = _files["bf16.d2v"];
        (int code, _, string error) = CommandLine.Run(
            "convert", checkpoint, "-o", model, "--dtype", "bf16", "--dict", Path.Combine(tokenizer, "dict.txt"), "--bpe", Path.Combine(tokenizer, "encoder.json"), Path.Combine(tokenizer, "vocab.bpe"));
        Assert.True(code == 0, error);
        (code, _, error) = CommandLine.Run("finetune", model, "--data", _files.Labelled(), "--recipe", _files.TaskRecipe("text"), "-o", _files["run"]);
        Assert.True(code == 0, error);
        Assert.Contains("has weights in bf16, so the run starts from rounded ones", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_Hugging_Face_is_refused_with_the_command_that_converts_it()
    {
        _files.Write("hf/config.json", "{}");
        (int code, _, string error) = CommandLine.Run("finetune", _files["hf"], "--data", _files.Labelled(), "-o", _files["run"]);
        Assert.Equal(1, code);
        Assert.Contains($"data2vec convert {_files["hf"]}", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_item_to_measure_with_is_named_once()
    {
        string data = _files.Images();
        Pretrain("image", data);
        string[] command = ["finetune", _files["pretrained"], "--data", data, "--recipe", _files.TaskRecipe("vision"), "--validation", _files["other"], "-o"];
        string damaged = _files.Write("other/dogs/damaged.png", "no image");
        (int code, _, string error) = CommandLine.Run([.. command, _files["bad"]]);
        Assert.Equal(1, code);
        Assert.Contains("none of the items to measure with can be read", error, StringComparison.Ordinal);

        File.Copy(Path.Combine(data, "cats", "0.png"), Path.Combine(Directory.CreateDirectory(_files["other/cats"]).FullName, "0.png"));
        (code, _, error) = CommandLine.Run([.. command, _files["run"]]);
        Assert.Equal(1, code);
        Assert.Contains("update 4: validation", error, StringComparison.Ordinal);
        Assert.Equal(2, error.Split("damaged.png").Length);

        (code, _, error) = CommandLine.Run([.. command, _files["strict"], "--strict"]);
        Assert.Equal(1, code);
        Assert.Contains($"{damaged}: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_of_images_may_be_numbers()
    {
        Pretrain("image", _files.Images());
        for (int i = 0; i < 25; i++)
        {
            string path = _files[$"numbered/{i}/image.png"];
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(_files["images/cats/0.png"], path);
        }

        (int code, _, string error) = CommandLine.Run(
            "finetune", _files["pretrained"], "--data", _files["numbered"], "--recipe", _files.TaskRecipe("vision"), "-o", _files["run"]);
        Assert.True(code == 0, error);
    }

    [Fact]
    public void A_folder_of_texts_is_refused_as_data_and_as_validation()
    {
        Pretrain("text", _files.Texts(), "--tokenizer", _files.Tokenizer());
        string texts = _files.Labelled(), folder = Path.GetDirectoryName(texts)!;
        string[] command = ["finetune", _files["pretrained"], "--recipe", _files.TaskRecipe("text"), "-o", _files["run"], "--data"];
        AssertFails(2, "a folder; give a file", [.. command, folder]);
        AssertFails(2, "a folder; give a file", [.. command, texts, "--validation", folder]);
        AssertFails(2, "knows its columns", [.. command, texts, "--task", "cola", "--label-column", "label"]);
    }

    [Fact]
    public void Changed_labels_are_other_data()
    {
        string data = _files.Images();
        Pretrain("image", data);
        string[] command = ["finetune", _files["pretrained"], "--data", data, "--recipe", _files.TaskRecipe("vision"), "-o", _files["run"]];
        Assert.Equal(0, CommandLine.Run(command).Code);
        Directory.Move(Path.Combine(data, "dogs"), Path.Combine(data, "wolves"));
        (int code, _, string error) = CommandLine.Run(command);
        Assert.Equal(1, code);
        Assert.Contains("the data have 6 items as before, but not the same ones", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_combinations_are_named()
    {
        string data = _files.Images(), texts = _files.Labelled();
        Pretrain("image", data);
        string[] command = ["finetune", _files["pretrained"], "--data", data, "-o", _files["run"]];
        AssertFails(2, "are for texts", [.. command, "--task", "classes"]);
        AssertFails(2, "no such task", [.. command, "--task", "poems"]);
        AssertFails(2, "give one of them", [.. command, "--validation", data, "--hold-out", "0.1"]);
        AssertFails(1, "a recipe for recordings", [.. command, "--recipe", "speech-small"]);
        AssertFails(1, "there is no recipe 'poems'", [.. command, "--recipe", "poems"]);
        AssertFails(1, "no such file", ["finetune", _files["missing.d2v"], "--data", data, "-o", _files["run"]]);
        AssertFails(1, "no state.d2v in this folder", ["finetune", data, "--data", data, "-o", _files["run"]]);
        AssertFails(1, "labelled.csv", ["finetune", texts, "--data", data, "-o", _files["run"]]);
        Assert.False(Directory.Exists(_files["run"]));
    }

    private static void AssertFails(int expected, string message, string[] command)
    {
        (int code, _, string error) = CommandLine.Run(command);
        Assert.True(code == expected && error.Contains(message, StringComparison.Ordinal), $"{code}: {error}");
    }

    private void Pretrain(string kind, string data, params string[] options)
    {
        (int code, _, string error) = CommandLine.Run(["pretrain", _files[$"{kind}.json"], "--data", data, "-o", _files["pretrained"], "--set", "updates=2", .. options]);
        Assert.True(code == 0, error);
    }
}
