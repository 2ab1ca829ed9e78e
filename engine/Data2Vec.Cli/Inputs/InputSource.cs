namespace Data2Vec.Cli.Inputs;

/// <summary>Where inputs come from; a recording is read when its turn comes, so that few are in memory.</summary>
/// <param name="Count">How many inputs there are.</param>
/// <param name="Load">Reads them.</param>
internal sealed record InputSource(int Count, Func<ModelInput> Load);
