namespace Data2Vec.Corpus;

/// <summary>The files of a plan, in a folder of their own.</summary>
/// <param name="Folder">The folder.</param>
internal readonly record struct PlanFiles(string Folder)
{
    /// <summary>Begins the file of the rows.</summary>
    public static ReadOnlySpan<byte> Magic => "D2VPLAN1"u8;

    /// <summary>The rows, one after another.</summary>
    public string Inputs => Path.Combine(Folder, "inputs.bin");

    /// <summary>For each shard the position of its first row in <see cref="Inputs"/>, 8 bytes, little-endian.</summary>
    public string Index => Path.Combine(Folder, "index.bin");

    /// <summary>Where models and inputs are. Unlike the rest of the plan, it is not part of what the job is.</summary>
    public string Places => Path.Combine(Folder, "places.json");
}
