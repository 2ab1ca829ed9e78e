using System.Globalization;
using System.Text.RegularExpressions;
using Data2Vec.Converters.PyTorch;
using Data2Vec.Converters.Tests.PyTorch;
using Data2Vec.Converters.Tests.Safetensors;

namespace Data2Vec.Converters.Tests.Layouts;

/// <summary>The named tensors of a model, to be saved again under other names and in other containers.</summary>
internal sealed class StateDict
{
    private readonly Dictionary<string, (long[] Shape, float[] Values)> _tensors;

    private StateDict(IEnumerable<KeyValuePair<string, (long[] Shape, float[] Values)>> tensors) =>
        _tensors = new(tensors, StringComparer.Ordinal);

    /// <summary>A tensor.</summary>
    public (long[] Shape, float[] Values) this[string name]
    {
        get => _tensors[name];
        set => _tensors[name] = value;
    }

    /// <summary>The weights of a checkpoint that fairseq wrote, without its numbers of positions and its teacher.</summary>
    public static StateDict OfFairseq(string folder, string name) => Of(folder, name, root => (PickleDictionary)root["model"]!);

    /// <summary>The weights of a checkpoint that is nothing but them.</summary>
    public static StateDict Of(string folder, string name) => Of(folder, name, root => root);

    /// <summary>The weights under a key of a checkpoint.</summary>
    public static StateDict Of(string folder, string name, string key) => Of(folder, name, root => (PickleDictionary)root[key]!);

    private static StateDict Of(string folder, string name, Func<PickleDictionary, PickleDictionary> find)
    {
        using PyTorchFile file = PyTorchFile.Open(Path.Combine(AppContext.BaseDirectory, "Fixtures", folder, name));
        PickleDictionary weights = find((PickleDictionary)file.Root!);
        return new StateDict([.. weights
            .Where(entry => entry.Value is PyTorchTensor { Type: CheckpointType.F32 or CheckpointType.F16 })
            .Select(entry => KeyValuePair.Create(
                (string)entry.Key!, (((PyTorchTensor)entry.Value!).Shape.ToArray(), Checkpoint.ReadAll((PyTorchTensor)entry.Value!))))]);
    }

    /// <summary>The same tensors under other names; those whose new name is empty are left out.</summary>
    /// <param name="rules">Regular expressions and what stands in their place, one after another.</param>
    public StateDict Rename(params (string Pattern, string Name)[] rules) => new(_tensors
        .Select(tensor => KeyValuePair.Create(
            rules.Aggregate(tensor.Key, (name, rule) => Regex.Replace(name, rule.Pattern, rule.Name)), tensor.Value))
        .Where(tensor => tensor.Key.Length > 0));

    /// <summary>The same tensors and copies whose values are all 7, under other names.</summary>
    public StateDict WithCopies(string prefix) => new([
        .. _tensors,
        .. _tensors.Select(tensor => KeyValuePair.Create(prefix + tensor.Key, (tensor.Value.Shape, Enumerable.Repeat(7f, tensor.Value.Values.Length).ToArray()))),
    ]);

    /// <summary>The same without a tensor.</summary>
    public StateDict Without(string name)
    {
        Assert.True(_tensors.ContainsKey(name), name);
        return new StateDict(_tensors.Where(tensor => tensor.Key != name));
    }

    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>Cuts matrices <c>[3 n, m]</c> or vectors into three.</summary>
    /// <param name="ending">How the names of those matrices end.</param>
    /// <param name="parts">What stands there for the three.</param>
    public StateDict Split(string ending, params string[] parts) => new(_tensors.SelectMany(tensor =>
    {
        (long[] shape, float[] values) = tensor.Value;
        int part = values.Length / parts.Length;
        return tensor.Key.EndsWith(ending, StringComparison.Ordinal)
            ? parts.Select((name, i) => KeyValuePair.Create(
                tensor.Key[..^ending.Length] + name, ((long[])[shape[0] / parts.Length, .. shape[1..]], values[(i * part)..((i + 1) * part)])))
            : [tensor];
    }));

    /// <summary>The tensors of the names that a condition holds for.</summary>
    public StateDict Where(Func<string, bool> condition) => new(_tensors.Where(tensor => condition(tensor.Key)));

    public byte[] ToSafetensors()
    {
        var file = new SafetensorsBuilder().Metadata("""{"format":"pt"}""");
        foreach ((string name, (long[] shape, float[] values)) in _tensors)
        {
            file.Tensor(name, "F32", shape, SafetensorsBuilder.Floats(values));
        }

        return file.ToArray();
    }

    /// <summary>An index of shards, by the shard of each name.</summary>
    public string ToIndex(Func<string, string> shard) =>
        "{\"metadata\":{},\"weight_map\":{" + string.Join(',', _tensors.Keys.Select(name => $"\"{name}\":\"{shard(name)}\"")) + "}}";

    /// <summary>A file of <c>torch.save</c> with the tensors, alone or in dictionaries within one another.</summary>
    /// <param name="keys">The keys of the dictionaries, the outermost first.</param>
    public byte[] ToTorch(params string[] keys) => ToTorch(null, keys);

    /// <summary>The same, after entries that are written into the outermost dictionary.</summary>
    public byte[] ToTorch(Action<PickleBuilder>? before, params string[] keys)
    {
        PickleBuilder pickle = PickleBuilder.Start();
        var zip = new ZipBuilder();
        foreach (string key in keys)
        {
            pickle.EmptyDict().Mark();
            before?.Invoke(pickle);
            before = null;
            pickle.Text(key);
        }

        int storage = 0;
        Write(pickle, zip, ref storage);
        foreach (string _ in keys)
        {
            pickle.Op("u");
        }

        return zip.Add("archive/data.pkl", pickle.Stop()).ToArray();
    }

    /// <summary>A file of <c>torch.save</c> with several models in a dictionary.</summary>
    public static byte[] ToTorchOf(params (string Key, StateDict Weights)[] models)
    {
        PickleBuilder pickle = PickleBuilder.Start().EmptyDict().Mark();
        var zip = new ZipBuilder();
        int storage = 0;
        foreach ((string key, StateDict weights) in models)
        {
            pickle.Text(key);
            weights.Write(pickle, zip, ref storage);
        }

        return zip.Add("archive/data.pkl", pickle.Op("u").Stop()).ToArray();
    }

    private void Write(PickleBuilder pickle, ZipBuilder zip, ref int storage)
    {
        pickle.EmptyDict().Mark();
        foreach ((string name, (long[] shape, float[] values)) in _tensors)
        {
            string id = (storage++).ToString(CultureInfo.InvariantCulture);
            zip.Add($"archive/data/{id}", Checkpoint.Bytes(values));
            long[] strides = new long[shape.Length];
            long stride = 1;
            for (int i = shape.Length - 1; i >= 0; stride *= shape[i--])
            {
                strides[i] = stride;
            }

            pickle.Text(name).Tensor(shape, strides, key: id, count: values.Length);
        }

        pickle.Op("u");
    }
}
