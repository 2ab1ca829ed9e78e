using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Data2Vec.Training.Logging;

namespace Data2Vec.Cli.Tests;

public sealed class TrainingCurvesTests
{
    [Fact]
    public void DrawsAPanelForEachKindOfNumber()
    {
        TrainingLogEntry[] log =
        [
            .. Enumerable.Range(1, 5000).Select(update => new TrainingLogEntry(update, new Dictionary<string, double>
            {
                ["loss"] = 3.0 / update, ["lr"] = 5e-4, ["gnorm"] = 1, ["target_var"] = 0.5, ["pred_var"] = 0.4, ["sample_size"] = 100,
            })),
            new(5000, new Dictionary<string, double> { ["valid_loss"] = 0.1, ["valid_wer"] = 12 }),
        ];
        string text = Encoding.UTF8.GetString(TrainingCurves.Draw(log));
        XElement svg = XDocument.Parse(text).Root!;

        // loss, deviation, rate, norm, and the word error rate
        Assert.Equal(["0", "300", "600", "900", "1200"], svg.Elements().Select(panel => panel.Attribute("y")!.Value));
        Assert.Equal("1500", svg.Attribute("height")!.Value);
        string[] ids = [.. svg.Descendants().Attributes("id").Select(id => id.Value)];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(Regex.Matches(text, @"url\(#([^)]*)\)"), match => Assert.Contains(match.Groups[1].Value, ids));
        Assert.True(text.Length < 500_000, $"{text.Length} characters");
    }

    [Fact]
    public void RefusesALogWithoutNumbers() =>
        Assert.Throws<InvalidDataException>(() => TrainingCurves.Draw([new(1, new Dictionary<string, double> { ["sample_size"] = 1 })]));
}
