using System.Globalization;
using System.Text.Json;
using Data2Vec.Cli.Tests.Training;
using Data2Vec.Training.Data;

namespace Data2Vec.Cli.Tests.Evaluation;

public sealed class GlueTests : IDisposable
{
    private readonly ProbeFolder _files = new();

    public void Dispose() => _files.Dispose();

    /// <summary>The bundled model calls its outputs positive and negative, in the order of fairseq's dictionary; the classes of SST-2 are 0 and 1.</summary>
    [Fact]
    public void The_outputs_of_a_model_are_found_by_name()
    {
        _files.Write("SST-2/dev.tsv", "sentence\tlabel\na gripping , funny and beautifully acted film .\t1\ndull and far too long\t0\nwonderful\t1\n");
        string model = ProbeFolder.Model("text-sentiment.d2v"), folder = _files["SST-2"];
        Assert.Contains("SST-2 %\t100.0\n", Succeed("evaluate", "glue", "--data", folder, "--model", model), StringComparison.Ordinal);
        Assert.Contains("SST-2 %\t100.0\n", Succeed("evaluate", "glue", "--data", Path.GetDirectoryName(folder)!, "--model", $"sst-2={model}"), StringComparison.Ordinal);
        Assert.Contains("SST-2 %\t100.0\n", Succeed("evaluate", "glue", "--data", folder, "--model", model, "--labels", _files.Write("dict.txt", "1 3610\n0 3310\nmadeupword0000 0\n")), StringComparison.Ordinal);
        Assert.Contains("SST-2 %\t0.0\n", Succeed("evaluate", "glue", "--data", folder, "--model", model, "--labels", "0,1"), StringComparison.Ordinal);
        Fail(2, "its output 0 is called 'positive'", "evaluate", "glue", "--data", _files.Write("CoLA/dev.tsv", "gj04\t1\t\tThe boy sleeps.\n"), "--task", "cola", "--model", model);
        Fail(2, "3 names, and", "evaluate", "glue", "--data", folder, "--model", model, "--labels", "a,b,c");
        Fail(2, "the task of ", "evaluate", "glue", "--data", _files.Write("other/dev.tsv", "sentence\tlabel\nx\t1\n"), "--model", model);
        Fail(1, "there is no dev_matched.tsv or dev_mismatched.tsv of MNLI in it", "evaluate", "glue", "--data", folder, "--model", model, "--task", "mnli");
    }

    [Fact]
    public void Numbered_outputs_of_a_fairseq_checkpoint_need_names()
    {
        GlueTask task = GlueTask.Find("sst-2")!, mnli = GlueTask.Find("mnli")!;
        var warnings = new List<string>();
        Assert.Contains(
            "most frequent label is the first",
            Assert.Throws<UsageException>(() => LabelOrder.ForGlue(task, ["0", "1"], false, "m.d2v", "fairseq", warnings.Add)).Message, StringComparison.Ordinal);
        Assert.Equal([0, 1], LabelOrder.ForGlue(task, ["0", "1"], false, "m.d2v", null, warnings.Add));
        Assert.Equal([1, 0], LabelOrder.ForGlue(task, ["1", "0"], true, "m.d2v", "fairseq", warnings.Add));
        Assert.Empty(warnings);
        Assert.Equal([2, 1, 0], LabelOrder.ForGlue(mnli, ["CONTRADICTION", "Neutral", "entailment"], false, "m.d2v", "huggingface", warnings.Add));
        Assert.Empty(warnings);
        Assert.Equal([0, 1, 2], LabelOrder.ForGlue(mnli, ["LABEL_0", "LABEL_1", "LABEL_2"], false, "m.d2v", "huggingface", warnings.Add));
        Assert.Contains("taken for entailment, neutral, contradiction", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Contains("3 outputs, and SST-2 has 2 classes", Assert.Throws<InvalidDataException>(() => LabelOrder.ForGlue(task, ["a", "b", "c"], false, "m.d2v", null, warnings.Add)).Message, StringComparison.Ordinal);
        Assert.Contains("same class", Assert.Throws<UsageException>(() => LabelOrder.ForGlue(task, ["positive", "1"], false, "m.d2v", null, warnings.Add)).Message, StringComparison.Ordinal);
    }

    /// <summary>A probe becomes the head of a model; evaluating that model on the file that the probe was measured with gives the probe's numbers.</summary>
    [Theory]
    [InlineData("cola", "CoLA", "matthews")]
    [InlineData("rte", "RTE", "accuracy")]
    [InlineData("mrpc", "MRPC", "mean")]
    [InlineData("sts-b", "STS-B", "correlation")]
    public void A_head_that_a_probe_made_is_as_good_as_the_probe(string task, string name, string measure)
    {
        string folder = WriteTask(name), model = _files[$"{task}.d2v"];
        using var probe = JsonDocument.Parse(Succeed("probe", ProbeFolder.Model("text.d2v"), "--data", folder, "--task", task, "--json", "-o", model));
        double Of(string key) => probe.RootElement.GetProperty(key).GetDouble();
        double expected = measure switch
        {
            "mean" => (Of("accuracy") + probe.RootElement.GetProperty("f1")[1].GetDouble()) / 2,
            "correlation" => (Of("pearson") + Of("spearman")) / 2,
            _ => Of(measure),
        };
        using var report = JsonDocument.Parse(Succeed("evaluate", "glue", "--data", folder, "--model", model, "--json"));
        Assert.Equal(100 * expected, report.RootElement.GetProperty("figures").GetProperty($"{name} %").GetProperty("value").GetDouble(), 1e-4);
        Assert.Contains($"{name}\t", Succeed("evaluate", "glue", "--data", folder, "--model", model, "--recipe", "data2vec/glue"), StringComparison.Ordinal);
    }

    [Fact]
    public void Both_sets_of_MNLI_are_measured_and_results_are_kept()
    {
        string header = "index\tpromptID\tpairID\tgenre\tp1\tp2\tp3\tp4\tsentence1\tsentence2\tl1\tl2\tl3\tl4\tl5\tgold_label\n";
        string Rows(string genre) => header + string.Concat(Enumerable.Range(0, 9).Select(i =>
            $"{i}\t0\t0\t{genre}\t\t\t\t\t\"quoted {i}\tsentence {i % 3}\t\t\t\t\t\t{new[] { "entailment", "neutral", "contradiction" }[i % 3]}\n"));
        _files.Write("MNLI/train.tsv", Rows("train").Replace("\tl3\tl4\tl5\tgold_label", "\tgold_label", StringComparison.Ordinal).Replace("\t\t\t\t\t\t", "\t\t\t", StringComparison.Ordinal));
        _files.Write("MNLI/dev_matched.tsv", Rows("fiction"));
        _files.Write("MNLI/dev_mismatched.tsv", Rows("letters") + "cut off\n");
        string model = _files["mnli.d2v"], results = _files["results.jsonl"];
        CommandLine.Run("probe", ProbeFolder.Model("text.d2v"), "--data", _files["MNLI/dev_matched.tsv"], "--task", "mnli", "-o", model);
        (int code, string output, string error) = CommandLine.Run("evaluate", "glue", "--data", _files["MNLI"], "--model", model, "--results", results);
        Assert.Equal(1, code);
        Assert.Contains("dev_mismatched.tsv:11: the line has 1 columns", error, StringComparison.Ordinal);
        Assert.Contains("MNLI-m %\t", output, StringComparison.Ordinal);
        Assert.Contains("\nMNLI-mm\t9\t", output, StringComparison.Ordinal);
        Assert.Equal(19, File.ReadAllLines(results).Length);
        Assert.StartsWith("{\"id\":\"dev_matched.tsv:2\",\"outputs\":[", File.ReadAllLines(results)[1], StringComparison.Ordinal);
        Assert.Equal(output, CommandLine.Run("evaluate", "glue", "--data", _files["MNLI"], "--model", model, "--results", results).Output);
        Assert.Equal(19, File.ReadAllLines(results).Length);
    }

    [Fact]
    public void The_development_set_of_CoLA_may_be_in_two_files_and_cut_rows_of_QQP_are_dropped()
    {
        _files.Write("CoLA/in_domain_dev.tsv", "gj04\t1\t\tThe boy sleeps.\ngj04\t0\t*\tBoy the sleeps.\n");
        _files.Write("CoLA/out_of_domain_dev.tsv", "clc95\t1\t\tWho left?\n");
        string sentiment = ProbeFolder.Model("text-sentiment.d2v");
        Assert.Contains("\nCoLA\t3\taccuracy ", Succeed("evaluate", "glue", "--data", _files["CoLA"], "--model", sentiment, "--labels", "1,0"), StringComparison.Ordinal);
        _files.Write("QQP/dev.tsv", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\tHow?\tWhy?\t0\n4\t5\t6\tcut off\n7\t8\t9\tWho?\tWho is it?\t1\n");
        (int code, string output, string error) = CommandLine.Run("evaluate", "glue", "--data", _files["QQP"], "--model", sentiment, "--labels", "0,1");
        Assert.Equal(0, code);
        Assert.Contains("dev.tsv:3: the line has 4 columns", error, StringComparison.Ordinal);
        Assert.Contains("\nQQP\t2\taccuracy ", output, StringComparison.Ordinal);
        Fail(1, "STS-B needs a head with one output", "evaluate", "glue", "--data", WriteTask("STS-B"), "--model", sentiment);
    }

    [Fact]
    public void Texts_of_any_table_are_measured_by_the_groups_of_a_column()
    {
        string data = _files.Write("cases.csv", """
            functionality,test_case,label_gold
            praise,"A gripping, wonderful film.",good
            praise,funny and beautifully acted,good
            blame,dull and far too long,bad
            blame,"a gripping, wonderful film",bad

            """);
        string folder = _files["report"];
        string output = Succeed("evaluate", "texts", "--data", data, "--labels", "good,bad", "--text-column", "test_case", "--label-column", "label_gold", "--by", "functionality", "--report", folder);
        Assert.Contains("accuracy %\t75.00\n", output, StringComparison.Ordinal);
        Assert.Contains("\npraise\t2\t2\t100.00\nblame\t2\t1\t50.00\n", output, StringComparison.Ordinal);
        Assert.Contains("bad\tgood\t1\n", output, StringComparison.Ordinal);
        Assert.StartsWith("PNG", File.ReadAllText(Path.Combine(folder, "confusions.png"))[1..], StringComparison.Ordinal);
        Assert.Contains("![Confusion matrix](confusions.png)", File.ReadAllText(Path.Combine(folder, "report.md")), StringComparison.Ordinal);
        Fail(1, "is none of the classes", "evaluate", "texts", "--data", data, "--text-column", "test_case", "--label-column", "label_gold");
    }

    [Fact]
    public void The_average_needs_all_eight_tasks_and_takes_MNLI_once()
    {
        GlueResult Of(string name, string part, double score) => new(new GlueFiles(GlueTask.Find(name)!, part, []), 1, score, []);
        List<GlueResult> results =
        [
            Of("MNLI", "-m", 0.832), Of("MNLI", "-mm", 0.830), Of("QNLI", "", 0.909), Of("RTE", "", 0.670), Of("MRPC", "", 0.902), Of("QQP", "", 0.891), Of("STS-B", "", 0.872), Of("CoLA", "", 0.622),
        ];
        Assert.Null(GlueResult.Average(results));
        results.Add(Of("SST-2", "", 0.918));
        Assert.Equal(82.6875, GlueResult.Average(results)!.Value, 10); // the paper's 82.7
    }

    private string WriteTask(string name)
    {
        (string Header, Func<int, string> Row) task = name switch
        {
            "CoLA" => ("", i => $"src\t{i % 2}\t\t{(i % 2 == 0 ? "dull the" : "the wonderful")} film {i}"),
            "RTE" => ("index\tsentence1\tsentence2\tlabel\n", i => $"{i}\ta film {i}\t{(i % 2 == 0 ? "wonderful" : "dull")} \"film {i}\t{(i % 2 == 0 ? "entailment" : "not_entailment")}"),
            "MRPC" => ("\uFEFFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n", i => $"{i % 2}\t1\t2\tfilm {i}\t{(i % 2 == 0 ? "bad" : "good")} film"),
            _ => ("index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n",
                i => string.Create(CultureInfo.InvariantCulture, $"{i}\tg\tf\t1\t1\ts\ts\tfilm {i}\t{string.Join(' ', Enumerable.Repeat("dull", 1 + (i % 6)))}\t{i % 6 * 0.9:0.00}")),
        };
        _files.Write($"{name}/train.tsv", task.Header + string.Concat(Enumerable.Range(0, 36).Select(i => task.Row(i) + "\n")));
        _files.Write($"{name}/dev.tsv", task.Header + string.Concat(Enumerable.Range(36, 18).Select(i => task.Row(i) + "\n")));
        return _files[name];
    }

    private static string Succeed(params string[] arguments)
    {
        (int code, string output, string error) = CommandLine.Run(arguments);
        Assert.True(code == 0, error);
        return output.ReplaceLineEndings("\n");
    }

    private static void Fail(int expected, string message, params string[] arguments)
    {
        (int code, _, string error) = CommandLine.Run(arguments);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Equal(expected, code);
    }
}
