using System.CommandLine;

namespace Data2Vec.Cli.Commands.Memes;

/// <summary><c>data2vec memes</c>: the system of "Hate Speech in Pixels".</summary>
internal static class MemesCommand
{
    public static Command Create() => new("memes", "Score images with text in them, train what scores them, and measure it")
    {
        ScoreCommand.Create(),
        TrainCommand.Create(),
        EvaluateCommand.Create(),
        ExtractCommand.Create(),
        GenerateCommand.Create(),
    };
}
