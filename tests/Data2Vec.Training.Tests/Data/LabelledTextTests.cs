using Data2Vec.Training.Data;

namespace Data2Vec.Training.Tests.Data;

public sealed class LabelledTextTests : IDisposable
{
    private const int Begin = 0, End = 2;

    // A word of n letters is the token 10 + n.
    private static readonly TextEncoding s_encoding = new()
    {
        Tokenize = text => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => 10 + word.Length)],
        BeginId = Begin,
        EndId = End,
        MaxTokens = 12,
    };

    private static readonly int[] s_pair = [Begin, 11, 12, End, End, 13, End];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static int[] Input<T>(TrainingData<int, T> data, int item) => data.Load(item, default).Input.ToArray();

    private static T[] Targets<T>(LabelledTextData<T> data) => [.. Enumerable.Range(0, data.Count).Select(item => data.Load(item, default).Target)];

    // The beginnings of the published files, shortened.
    [Theory]
    [InlineData("CoLA", "gj04\t1\t\ta bb\ngj04\t0\t*\tccc\n", new[] { 1, 0 }, false)]
    [InlineData("sst2", "sentence\tlabel\na bb \t0\nccc\t1\n", new[] { 0, 1 }, false)]
    [InlineData("MRPC", "\uFEFFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t702876\t702977\ta bb\tccc\r\n", new[] { 1 }, true)]
    [InlineData("QQP", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n133273\t213221\t213222\ta bb\tccc\t1\n", new[] { 1 }, true)]
    [InlineData("mnli", "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tgold_label\n"
        + "0\t31193\t31193n\tgovernment\t( x )\t( y )\t(ROOT x)\t(ROOT y)\ta bb\tccc\tneutral\tneutral\n"
        + "1\t1\t1e\tgovernment\t( x )\t( y )\t(ROOT x)\t(ROOT y)\ta bb\tccc\tentailment\tcontradiction\n", new[] { 1, 2 }, true)]
    [InlineData("QNLI", "index\tquestion\tsentence\tlabel\n0\ta bb\tccc\tentailment\n1\ta\tb\tnot_entailment\n", new[] { 0, 1 }, true)]
    [InlineData("RTE", "index\tsentence1\tsentence2\tlabel\n0\ta bb\tccc\tnot_entailment\n", new[] { 1 }, true)]
    [InlineData("WNLI", "index\tsentence1\tsentence2\tlabel\n0\ta bb\tccc\t1\n", new[] { 1 }, true)]
    public void Files_of_GLUE_are_read(string name, string text, int[] targets, bool isPair)
    {
        GlueTask task = GlueTask.Find(name)!;
        var data = task.OpenClasses(_folder.Write($"{task.Name}/train.tsv", text), s_encoding);
        Assert.Equal(targets, Targets(data));
        Assert.Equal(task.Classes, data.Classes);
        Assert.Equal(isPair ? s_pair : [Begin, 11, 12, End], Input(data, 0));
        Assert.Empty(data.Skipped);
    }

    [Fact]
    public void STS_B_has_numbers()
    {
        GlueTask task = GlueTask.Find("stsb")!;
        string path = _folder.Write("train.tsv", "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n"
            + "0\tmain\tMSRvid\t2012\t0001\tnone\tnone\ta bb\tccc\t5.000\n1\tmain\tMSRvid\t2012\t0004\tnone\tnone\ta\tb\t3.8e-1\n2\tm\tM\t2012\t4\tnone\tnone\ta\tb\tnan\n3\tm\tM\t2012\t4\tnone\tnone\ta\tb\tgood\n");
        var data = task.OpenScores(path, s_encoding);
        Assert.Equal([1f, 0.38f / 5], Targets(data));
        Assert.Equal(s_pair, Input(data, 0));
        Assert.Empty(data.Classes);
        Assert.Equal([$"{path}:4: the label 'nan' is not a number", $"{path}:5: the label 'good' is not a number"], data.Skipped.Select(item => item.ToString()));
        Assert.Throws<InvalidOperationException>(() => task.OpenClasses(path, s_encoding));
        Assert.Throws<InvalidOperationException>(() => GlueTask.Find("RTE")!.OpenScores(path, s_encoding));
    }

    [Fact]
    public void MNLI_has_two_files_to_measure_with()
    {
        Assert.Equal(["dev_matched.tsv", "dev_mismatched.tsv"], GlueTask.Find("MNLI")!.DevelopmentFiles);
        Assert.Equal(["dev.tsv"], GlueTask.Find("RTE")!.DevelopmentFiles);
        Assert.Null(GlueTask.Find("SQuAD"));
    }

    [Fact]
    public void Quotation_marks_in_GLUE_are_text()
    {
        string path = _folder.Write("dev.tsv", "sentence\tlabel\n\"a bb\t1\nccc \"d\" e\"\t0\n\"\t1\n");
        var data = GlueTask.Find("SST-2")!.OpenClasses(path, s_encoding);
        Assert.Equal([1, 0, 1], Targets(data));
        Assert.Equal([Begin, 12, 12, End], Input(data, 0));
        Assert.Equal([Begin, 13, 13, 12, End], Input(data, 1));
    }

    [Fact]
    public void Mislabelled_and_damaged_lines_are_named_and_the_others_are_kept()
    {
        string path = _folder.Write("train.tsv", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tentailment\n1\ta\tb\n2\ta\tb\tmaybe\n\n3\ta\t \tentailment\n4\ta\tb\t\n5\ta\tb\tnot_entailment\textra\n");
        var data = GlueTask.Find("RTE")!.OpenClasses(path, s_encoding);
        Assert.Equal([0, 1], Targets(data));
        Assert.Equal([$"{path}:2", $"{path}:8"], Enumerable.Range(0, 2).Select(data.Name));
        Assert.Equal(
            [
                $"{path}:3: the line has 3 columns, and at least 4 are needed",
                $"{path}:4: the label 'maybe' is none of the classes 'entailment, not_entailment'",
                $"{path}:6: a text is empty",
                $"{path}:7: the label is empty",
            ],
            data.Skipped.Select(item => item.ToString()));
        Assert.Throws<InvalidDataException>(() => GlueTask.Find("RTE")!.OpenClasses(path, s_encoding, strict: true));
    }

    [Theory]
    [InlineData("t.csv", "text,label\n\"a, \"\"bb\"\"\",yes\nccc,no\n\"d\ne\",yes\n")]
    [InlineData("t.csv", "text, label\n\"a, \"\"bb\"\"\", \"yes\"\n  \"ccc\" ,no\n \"d\ne\" , yes\n")]
    [InlineData("t.csv", "Label;Text\r\nyes;\"a, \"\"bb\"\"\"\r\nno;ccc\r\nyes;\"d\r\ne\"\r\n")]
    public void Tables_with_quoted_fields_are_read(string name, string text)
    {
        var data = LabelledText.OpenClasses(_folder.Write(name, text), s_encoding);
        Assert.Equal(["no", "yes"], data.Classes);
        Assert.Equal([1, 0, 1], Targets(data));
        Assert.Equal([Begin, 12, 14, End], Input(data, 0));
        Assert.EndsWith(":4", data.Name(2), StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_keep_the_order_that_is_given_and_are_sorted_otherwise()
    {
        string path = _folder.Write("t.tsv", "text\tlabel\na\t10\nb\t9\nc\t10\n");
        Assert.Equal(["9", "10"], LabelledText.OpenClasses(path, s_encoding).Classes);
        Assert.Equal([0, 1, 0], Targets(LabelledText.OpenClasses(path, s_encoding, ["10", "9", "8"])));
        Assert.Throws<ArgumentException>(() => LabelledText.OpenClasses(path, s_encoding, ["10", "10"]));
    }

    [Fact]
    public void Columns_can_be_given()
    {
        string path = _folder.Write("t.tsv", "erste\tzweite\tnote\na bb\tccc\t2,5\na\tb\t1.5\n");
        var options = new TextTableOptions { TextColumns = ["erste", "Zweite"], LabelColumn = "note" };
        Assert.Equal([1.5f], Targets(LabelledText.OpenScores(path, s_encoding, options)));
        Assert.Equal(s_pair, Input(LabelledText.OpenClasses(path, s_encoding, options: options), 0));
        Assert.Contains(
            "no column 'note2'; the first line has 3 columns: 'erste', 'zweite', 'note'",
            Assert.Throws<InvalidDataException>(() => LabelledText.OpenScores(path, s_encoding, options with { LabelColumn = "note2" })).Message, StringComparison.Ordinal);
        Assert.Contains("no column with texts", Assert.Throws<InvalidDataException>(() => LabelledText.OpenScores(path, s_encoding)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => LabelledText.OpenScores(path, s_encoding, new TextTableOptions { Table = new TableOptions { HasHeader = false } }));
    }

    [Fact]
    public void Long_texts_lose_their_end_and_of_a_pair_the_longer_one_first()
    {
        string path = _folder.Write("t.tsv", "text1\ttext2\tlabel\na bb ccc\ta a a a a a a a a a\t0\na a a a a a a a a a a\ta bb ccc ddd\t0\na a a a a a a\tb b b b b b b b b\t0\n");
        var data = LabelledText.OpenClasses(path, s_encoding);
        Assert.Equal([Begin, 11, 12, 13, End, End, 11, 11, 11, 11, 11, End], Input(data, 0));
        Assert.Equal([Begin, 11, 11, 11, 11, End, End, 11, 12, 13, 13, End], Input(data, 1));
        Assert.Equal(12, data.Length(2));
        Assert.Equal([Begin, 11, 11, 11, 11, End, End, 11, 11, 11, 11, End], Input(data, 2));
        Assert.Equal([Begin, .. Enumerable.Repeat(11, 10), End], s_encoding.Encode("a a a a a a a a a a a a a a"));
        Assert.Equal([Begin, 11, End, 12, End], (s_encoding with { PairSeparators = 1 }).Encode("a", "bb"));
    }

    [Fact]
    public void Too_many_bad_lines_are_an_error()
    {
        string path = _folder.Write("t.tsv", "text\tscore\n" + string.Concat(Enumerable.Range(0, 50).Select(i => $"a\t{(i % 2 == 0 ? "1" : "x")}\n")));
        Assert.Contains("25 of 50 items cannot be used", Assert.Throws<InvalidDataException>(() => LabelledText.OpenScores(path, s_encoding)).Message, StringComparison.Ordinal);
    }
}
