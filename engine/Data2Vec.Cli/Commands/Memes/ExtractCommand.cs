using Data2Vec.Memes.Features;

namespace Data2Vec.Cli;

/// <summary><c>data2vec memes extract</c>: encodes memes once, for later training and evaluation.</summary>
internal static class ExtractCommand
{
    public static Command Create()
    {
        var command = new Command("extract", "Encode the memes of lists for later training; an interrupted run resumes");
        ListArguments lists = ListArguments.AddTo(command, needsFeatures: true);
        EncoderArguments encoders = EncoderArguments.AddTo(command);
        ReadingArguments reading = ReadingArguments.AddTo(command);
        command.SetAction(parsed =>
        {
            (string Path, bool Label)[] memes = [.. lists.Read(parsed, MemeList.TrainingPath), .. lists.Read(parsed, MemeList.ValidationPath)];
            return reading.Run(parsed, options => encoders.Load(parsed, options), loaded =>
            {
                int stored = lists.Extract(parsed, loaded, memes, reading, store => memes.Count(meme => store.Contains(FeatureStore.KeyOf(meme.Path))));
                parsed.InvocationConfiguration.Output.WriteLine($"features of {stored} images");
                return reading.Finish(parsed, memes.Select(meme => meme.Path));
            });
        });
        return command;
    }
}
