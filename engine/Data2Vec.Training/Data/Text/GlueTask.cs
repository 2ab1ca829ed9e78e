namespace Data2Vec.Training.Data;

/// <summary>A task of GLUE (Wang et al. 2019), in the files of its publication: <c>train.tsv</c> and <c>dev.tsv</c> in a folder of the task's name.</summary>
public sealed class GlueTask
{
    private const float LargestScore = 5; // of STS-B

    private static readonly string[] s_binary = ["0", "1"];

    private static readonly string[] s_entailment = ["entailment", "not_entailment"];

    private readonly TextTableOptions _columns;

    private GlueTask(string name, IReadOnlyList<string> classes, string[] texts, string label, bool hasHeader = true, params string[] developmentFiles)
    {
        (Name, Classes) = (name, classes);
        DevelopmentFiles = developmentFiles.Length > 0 ? developmentFiles : ["dev.tsv"];
        _columns = new TextTableOptions
        {
            TextColumns = texts,
            LabelColumn = label,
            Table = new TableOptions { Delimiter = '\t', Quoted = false, HasHeader = hasHeader },
        };
    }

    /// <summary>The tasks.</summary>
    public static IReadOnlyList<GlueTask> All { get; } =
    [
        // The file of CoLA has no header: source, label, mark of the author, sentence.
        new("CoLA", s_binary, ["3"], "1", hasHeader: false),
        new("SST-2", s_binary, ["sentence"], "label"),
        new("MRPC", s_binary, ["#1 String", "#2 String"], "Quality"),
        new("QQP", s_binary, ["question1", "question2"], "is_duplicate"),
        new("STS-B", [], ["sentence1", "sentence2"], "score"),
        new("MNLI", ["entailment", "neutral", "contradiction"], ["sentence1", "sentence2"], "gold_label", true, "dev_matched.tsv", "dev_mismatched.tsv"),
        new("QNLI", s_entailment, ["question", "sentence"], "label"),
        new("RTE", s_entailment, ["sentence1", "sentence2"], "label"),
        new("WNLI", s_binary, ["sentence1", "sentence2"], "label"),
    ];

    /// <summary>The name of the task and of its folder.</summary>
    public string Name { get; }

    /// <summary>The names of the classes in the order of their numbers; empty for STS-B.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Whether the target is a number to predict.</summary>
    public bool IsRegression => Classes.Count == 0;

    /// <summary>The metric that its models are chosen by, where it is not the usual one: Matthews' correlation for CoLA.</summary>
    internal string? Metric => Name == "CoLA" ? "matthews" : null;

    /// <summary>The name of the file to train on.</summary>
    public string TrainingFile { get; } = "train.tsv";

    /// <summary>The names of the files to measure with: two for MNLI.</summary>
    public IReadOnlyList<string> DevelopmentFiles { get; }

    /// <summary>Finds a task by its name, in any case.</summary>
    /// <returns>The task, or null if there is none of that name.</returns>
    public static GlueTask? Find(string name) => All.FirstOrDefault(task => Plain(task.Name).Equals(Plain(name), StringComparison.OrdinalIgnoreCase));

    /// <summary>Opens a file of a task with classes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="encoding">How texts become token ids.</param>
    /// <param name="strict">Whether a line that cannot be used ends the reading.</param>
    /// <exception cref="InvalidOperationException">The target of the task is a number.</exception>
    /// <inheritdoc cref="LabelledText.OpenClasses"/>
    public LabelledTextData<int> OpenClasses(string path, TextEncoding encoding, bool strict = false) => IsRegression
        ? throw new InvalidOperationException($"{Name} has numbers to predict, not classes.")
        : LabelledText.OpenClasses(path, encoding, Classes, _columns with { Strict = strict });

    /// <summary>Opens a file of a task with numbers to predict. The scores of STS-B, 0 to 5, are divided by 5, as in fairseq's recipe.</summary>
    /// <param name="path">The file.</param>
    /// <param name="encoding">How texts become token ids.</param>
    /// <param name="strict">Whether a line that cannot be used ends the reading.</param>
    /// <exception cref="InvalidOperationException">The task has classes.</exception>
    /// <inheritdoc cref="LabelledText.OpenScores(string, TextEncoding, TextTableOptions?)"/>
    public LabelledTextData<float> OpenScores(string path, TextEncoding encoding, bool strict = false) => IsRegression
        ? LabelledText.OpenScores(path, encoding, _columns with { Strict = strict }, LargestScore)
        : throw new InvalidOperationException($"{Name} has classes, not numbers to predict.");

    private static string Plain(string name) => name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);
}
