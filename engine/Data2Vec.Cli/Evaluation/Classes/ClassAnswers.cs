using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using Data2Vec.Training.Data;

namespace Data2Vec.Cli;

/// <summary>The answer of a classifier to an item.</summary>
/// <param name="Item">The number of the item.</param>
/// <param name="Outputs">The numbers of the model's best outputs, best first; of equal ones the lower number first.</param>
/// <param name="Value">The number of the best output: a probability, or the answer of a regression.</param>
internal sealed record ClassAnswer(int Item, int[] Outputs, double Value);

/// <summary>Runs a classifier over data. Answers that a result file has are not computed again.</summary>
internal static class ClassAnswers
{
    /// <summary>The best outputs that are kept for each item.</summary>
    public const int Most = 5;

    private const string Outputs = "outputs", Value = "value";

    /// <param name="model">The classifier.</param>
    /// <param name="data">The items.</param>
    /// <param name="prefix">What is left out at the beginning of the items' names, so that the names do not depend on where the data is.</param>
    /// <param name="results">The results.</param>
    /// <param name="bad">Receives bad items, which are left out.</param>
    /// <param name="report">Receives the share of the work that is done.</param>
    /// <param name="cancellation">Cancelled by Ctrl+C.</param>
    public static List<ClassAnswer> Run<TInput, TElement, TTarget>(
        ClassifierModel<TInput, TElement> model, TrainingData<TElement, TTarget> data, string prefix, ResultFile results, BadInputs bad, Action<double> report,
        CancellationToken cancellation)
        where TElement : unmanaged
    {
        var answers = new List<ClassAnswer>(data.Count);
        foreach (int[] items in ProbeVectors.Batches(data, model.Modality))
        {
            cancellation.ThrowIfCancellationRequested();
            int[] open = [.. items.Where(item => results.Find(Id(item)) is null)];
            TrainingItem<TElement, TTarget>[] loaded = ItemLoading.Load(data, open, bad, cancellation);
            foreach ((TrainingItem<TElement, TTarget> item, float[] numbers) in Compute(loaded))
            {
                if (TensorPrimitives.IsFiniteAll<float>(numbers))
                {
                    results.Add(Id(item.Item), ToJson(numbers));
                }
                else
                {
                    bad.Report(data.Name(item.Item), new InvalidDataException("the model's output is not finite"));
                }
            }

            answers.AddRange(items.Select(item => (Item: item, Result: results.Find(Id(item)))).Where(pair => pair.Result is not null).Select(pair => Read(pair.Item, Id(pair.Item), pair.Result!, model.Labels!.Count)));
            report((items[^1] + 1.0) / data.Count);
        }

        return answers.Count > 0 ? answers : throw new InvalidDataException($"{data.Name(0)}: neither this item nor any other can be answered");

        string Id(int item) => data.Name(item) is var name && name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..].Replace('\\', '/') : name;

        IEnumerable<(TrainingItem<TElement, TTarget>, float[])> Compute(TrainingItem<TElement, TTarget>[] loaded)
        {
            if (loaded.Length == 0)
            {
                return [];
            }

            try
            {
                return loaded.Zip(model.ProbabilitiesPrepared([.. loaded.Select(item => item.Input)], cancellation));
            }
            catch (Exception problem) when (BadInputs.IsBadInput(problem) && loaded.Length > 1)
            {
                // One by one shows which item is at fault.
                return [.. loaded.SelectMany(item => Compute([item]))];
            }
            catch (Exception problem) when (BadInputs.IsBadInput(problem))
            {
                bad.Report(data.Name(loaded[0].Item), problem);
                return [];
            }
        }
    }

    private static JsonObject ToJson(float[] numbers)
    {
        int[] best = [.. numbers.Index().OrderByDescending(pair => pair.Item).Take(Most).Select(pair => pair.Index)];
        return new JsonObject { [Outputs] = new JsonArray([.. best.Select(output => (JsonNode?)output)]), [Value] = numbers[best[0]] };
    }

    private static ClassAnswer Read(int item, string id, JsonObject result, int outputs) => ResultFile.Read(id, () =>
    {
        int[] best = [.. result[Outputs]!.AsArray().Select(output => output!.GetValue<int>())];
        return best.Length > 0 && best.All(output => (uint)output < (uint)outputs) ? new ClassAnswer(item, best, Number(result[Value]!)) : throw new FormatException();
    });

    private static double Number(JsonNode node) => node.AsValue().TryGetValue(out float single) ? single : node.GetValue<double>();
}
