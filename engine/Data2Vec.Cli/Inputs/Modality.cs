namespace Data2Vec;

internal enum Modality
{
    Speech,
    Text,
    Vision,
}
