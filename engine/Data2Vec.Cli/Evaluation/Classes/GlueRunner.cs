using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>Answers the examples of GLUE with a model.</summary>
internal sealed class GlueRunner(EvaluatedModel<TextModel> model, string? labels, bool isStrict, BadInputs bad)
{
    /// <summary>The scores of STS-B are 0 to 5, and the answers of a model that was trained as in fairseq a fifth of them.</summary>
    private const double LargestScore = 5;

    public GlueResult Run(GlueFiles files, ResultFile results, Action<double> report, CancellationToken cancellation)
    {
        if (model.Model.Tokenizer is null)
        {
            throw new UsageException($"{model.Given}: the model has no tokenizer; convert its checkpoint with one");
        }

        if (model.Model.Labels is not { } outputs)
        {
            throw new InvalidDataException($"{model.Given}: the model has no classification head; fine-tune it on {files.Task.Name} first");
        }

        var encoding = TextEncoding.For(model.Model);
        if (files.Task.IsRegression)
        {
            return Scores(files, outputs, encoding, results, report, cancellation);
        }

        int[] order = LabelOrder.ForGlue(files.Task, LabelOrder.Names(outputs, labels, model.Given), labels is not null, model.Given, model.Format, bad.Warn);
        List<int> predicted = [], right = [];
        foreach ((string path, Action<double> part) in Parts(files, report))
        {
            LabelledTextData<int> data = files.Task.OpenClasses(path, encoding, isStrict && !DropsRows(files.Task));
            Report(files.Task, data);
            foreach (ClassAnswer answer in ClassAnswers.Run(model.Model, data, Folder(path), results, bad, part, cancellation))
            {
                predicted.Add(order[answer.Outputs[0]]);
                right.Add(data.Load(answer.Item, default).Target);
            }
        }

        return GlueResult.OfClasses(files, [.. predicted], [.. right]);
    }

    private GlueResult Scores(GlueFiles files, IReadOnlyList<string> outputs, TextEncoding encoding, ResultFile results, Action<double> report, CancellationToken cancellation)
    {
        if (outputs.Count != 1 || model.Model.Config.HeadFunction == HeadFunction.Softmax)
        {
            throw new InvalidDataException($"{model.Given}: {files.Task.Name} needs a head with one output and no softmax, and the model has {outputs.Count} outputs; fine-tune it for a number");
        }

        List<double> predicted = [], right = [];
        foreach ((string path, Action<double> part) in Parts(files, report))
        {
            LabelledTextData<float> data = files.Task.OpenScores(path, encoding, isStrict);
            Report(files.Task, data);
            foreach (ClassAnswer answer in ClassAnswers.Run(model.Model, data, Folder(path), results, bad, part, cancellation))
            {
                // The logistic function is undone: Pearson's coefficient is of the outputs.
                double output = model.Model.Config.HeadFunction == HeadFunction.Sigmoid ? Math.Log(answer.Value) - Math.Log(1 - answer.Value) : answer.Value;
                predicted.Add(LargestScore * output);
                right.Add(LargestScore * data.Load(answer.Item, default).Target);
            }
        }

        return GlueResult.OfScores(files, [.. predicted], [.. right]);
    }

    /// <summary>Names the rows that were left out. Those of QQP that are cut off are known and do not count as bad.</summary>
    private void Report(GlueTask task, TrainingData data)
    {
        foreach (SkippedItem item in data.Skipped.Where(item => item.IsBad))
        {
            if (DropsRows(task))
            {
                bad.Warn($"{item}; the row is left out");
            }
            else
            {
                bad.Report(item.Name, new InvalidDataException(item.Reason));
            }
        }
    }

    private static bool DropsRows(GlueTask task) => task.Name == "QQP";

    private static IEnumerable<(string Path, Action<double> Report)> Parts(GlueFiles files, Action<double> report) =>
        files.Paths.Select((path, i) => (path, (Action<double>)(done => report((i + done) / files.Paths.Count))));

    private static string Folder(string path) => path[..^Path.GetFileName(path).Length];
}
