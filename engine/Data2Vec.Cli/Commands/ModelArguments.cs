using System.CommandLine;

namespace Data2Vec.Cli.Commands;

/// <summary>The options and arguments that all commands with a model have.</summary>
internal static class ModelArguments
{
    public static Argument<string[]> Recordings()
    {
        var recordings = new Argument<string[]>("INPUT")
        {
            Description = "Recordings: WAV files, or .npy files of f32 [samples] that are taken as they are",
            Arity = ArgumentArity.OneOrMore,
        };
        recordings.Validators.Add(result =>
        {
            foreach (string unknown in result.Tokens.Select(token => token.Value).Where(value => value.StartsWith('-')))
                result.AddError($"{unknown}: no such option (for a file of that name write ./{unknown})");
        });
        return recordings;
    }

    public static Option<string?> Model(string shipped) => new("--model")
    {
        Description = $"The model file (.d2v); left out, models/{shipped} beside the program",
        HelpName = "MODEL",
    };

    public static Option<int?> Threads()
    {
        var threads = new Option<int?>("--threads") { Description = "Threads to use; left out, one a core", HelpName = "N" };
        threads.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(int.TryParse(result.Tokens[0].Value, out int count) && count is >= 1 and <= 1024))
                result.AddError("--threads must be from 1 to 1024");
        });
        return threads;
    }

    /// <summary>Where the model runs; <c>auto</c> takes the best there is.</summary>
    public static Option<string> Device()
    {
        var device = new Option<string>("--device") { Description = "Where to run; see data2vec devices", DefaultValueFactory = _ => "auto" };
        device.AcceptOnlyFromAmong("auto", "cpu");
        return device;
    }

    public static ModelOptions Options(int? threads) => threads is { } count ? new ModelOptions { Threads = count } : new ModelOptions();
}
