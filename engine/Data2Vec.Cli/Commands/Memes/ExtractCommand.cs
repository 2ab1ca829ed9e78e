using System.CommandLine;
using Data2Vec.Memes.Features;

namespace Data2Vec.Cli.Commands.Memes;

/// <summary><c>data2vec memes extract</c>: the features of memes, encoded once, for training and evaluation.</summary>
internal static class ExtractCommand
{
    public static Command Create()
    {
        var command = new Command("extract", "Encode the memes of lists, so that training need not; what was cut off goes on");
        ListArguments lists = ListArguments.AddTo(command, needsFeatures: true);
        EncoderArguments encoders = EncoderArguments.AddTo(command);
        ReadingArguments reading = ReadingArguments.AddTo(command);
        command.SetAction(parsed =>
        {
            (string[] trainHate, string[] trainGood) = lists.Read(parsed, MemeList.TrainingPath);
            (string[] validHate, string[] validGood) = lists.Read(parsed, MemeList.ValidationPath);
            string[] paths = [.. trainHate, .. trainGood, .. validHate, .. validGood];
            return reading.Run(parsed, options => encoders.Load(parsed, options), loaded =>
            {
                int there = lists.Extract(parsed, loaded, paths, reading, (store, keys) => keys.OfType<string>().Count());
                parsed.InvocationConfiguration.Output.WriteLine($"features of {there} images");
                return reading.Finish(parsed, paths.Distinct().Count());
            });
        });
        return command;
    }
}
