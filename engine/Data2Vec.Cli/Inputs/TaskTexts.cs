using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>The labelled texts of a task: its own files, or those of a task of GLUE.</summary>
internal sealed class TaskTexts
{
    private const int ManyClasses = 20;

    private readonly LabelledTask _task;
    private readonly GlueTask? _glue;
    private readonly TextEncoding _encoding;
    private readonly TextTableOptions _columns;

    /// <param name="path">The file with the texts; for a task of GLUE also its folder.</param>
    /// <param name="task">The task.</param>
    /// <param name="encoding">How texts become tokens.</param>
    /// <param name="isStrict">Whether a bad line ends the reading.</param>
    /// <exception cref="UsageException">The options do not fit the task or the files.</exception>
    public TaskTexts(string path, LabelledTask task, TextEncoding encoding, bool isStrict)
    {
        (_task, _encoding) = (task, encoding);
        _glue = task.Name is null ? null : GlueTask.Find(task.Name);
        if (_glue is not null && (task.TextColumns is not null || task.LabelColumn is not null))
        {
            throw new UsageException($"--task {task.Name} knows its columns; leave out --text-column and --label-column");
        }

        if (_glue is null && new[] { path, task.Validation }.FirstOrDefault(Directory.Exists) is { } folder)
        {
            throw new UsageException($"{folder}: a folder; give a file with texts and labels (.csv or .tsv), or --task with a task of GLUE");
        }

        _columns = new TextTableOptions { TextColumns = task.TextColumns, LabelColumn = task.LabelColumn, Strict = isStrict };
        Training = InFolder(path, _glue?.TrainingFile);
        Validation = task.Validation is { } given ? InFolder(given, _glue?.DevelopmentFiles[0])
            : _glue is not null && !task.IsDivided && Path.Combine(path, _glue.DevelopmentFiles[0]) is var development && File.Exists(development) ? development
            : null;
    }

    /// <summary>The file to learn from.</summary>
    public string Training { get; }

    /// <summary>The file to measure with: the given one, or the development file of a task of GLUE; null for none.</summary>
    public string? Validation { get; }

    /// <summary>Whether numbers are predicted, not classes.</summary>
    public bool AreScores => _task.Name == TaskArguments.Regression || _glue?.IsRegression == true;

    /// <summary>Opens a file with numbers.</summary>
    public LabelledTextData<float> Scores(string path) =>
        _glue?.OpenScores(path, _encoding, _columns.Strict) ?? LabelledText.OpenScores(path, _encoding, _columns);

    /// <summary>Opens a file with classes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="classes">The classes; null to find them.</param>
    public LabelledTextData<int> Classes(string path, IReadOnlyList<string>? classes = null)
    {
        LabelledTextData<int> data = _glue?.OpenClasses(path, _encoding, _columns.Strict) ?? LabelledText.OpenClasses(path, _encoding, classes, _columns);
        return _task.Name is null && data.Classes.Count > ManyClasses && data.Classes.All(label => double.TryParse(label, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            ? throw new UsageException(
                $"{path}: the labels are {data.Classes.Count} different numbers; give --task {TaskArguments.Regression} to predict a number, or --task {TaskArguments.Classes}")
            : data;
    }

    private static string InFolder(string given, string? file) => Directory.Exists(given) && file is not null ? Files.RequireFile(Path.Combine(given, file)) : given;
}
