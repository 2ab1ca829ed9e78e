using System.CommandLine;
using System.Globalization;

namespace Data2Vec.Cli.Commands;

/// <summary>The options that say which hidden states are taken, and how they become a vector.</summary>
internal static class LayerOption
{
    /// <param name="all">Whether all layers may be asked for.</param>
    public static Option<string> Create(bool all)
    {
        string choices = all ? "a number (0 is what enters the first), all, or last" : "a number (0 is what enters the first), or last";
        var layer = new Option<string>("--layer") { Description = $"The layer: {choices}", DefaultValueFactory = _ => "last", HelpName = all ? "N|all|last" : "N|last" };
        layer.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && value != "last" && !(all && value == "all") && Number(value) is null)
            {
                result.AddError($"--layer must be {choices}");
            }
        });
        return layer;
    }

    public static Option<string> Pool(params string[] choices)
    {
        var pool = new Option<string>("--pool") { Description = $"How a layer's rows become one vector: {(choices.Contains("none") ? "their mean, the class token (texts, images), or none" : "their mean, or the class token (texts, images)")}", DefaultValueFactory = _ => "mean" };
        return pool.AcceptOnlyFromAmong(choices);
    }

    /// <summary>The layer's number; null for the last, and for all.</summary>
    public static int? Number(string layer) =>
        int.TryParse(layer, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    public static Pooling PoolingOf(string pool) => pool switch
    {
        "mean" => Pooling.Mean,
        "cls" => Pooling.Class,
        "none" => Pooling.None,
        _ => throw new ArgumentOutOfRangeException(nameof(pool)),
    };
}
