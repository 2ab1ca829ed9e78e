namespace Data2Vec.Cli.Inputs;

/// <summary>What a model takes.</summary>
internal enum InputKind
{
    Speech,
    Image,
    Text,
}
