using System.Text.Json;
using CsCheck;
using Data2Vec.Converters.Checkpoints;
using Data2Vec.Converters.Tests.PyTorch;

namespace Data2Vec.Converters.Tests.Checkpoints;

public class CheckpointOptionsTests
{
    public enum Container
    {
        Dictionary,
        Namespace,
        DictConfig,
        Json,
    }

    [Theory, InlineData(Container.Dictionary), InlineData(Container.Namespace), InlineData(Container.DictConfig), InlineData(Container.Json)]
    public void Options_are_read_alike_from_every_container(Container container)
    {
        CheckpointOptions options = Create(container, new()
        {
            ["layers"] = 12L,
            ["ratio"] = 0.5,
            ["name"] = "data2vec_text",
            ["pre_norm"] = false,
            ["none"] = null,
            ["mean"] = new object?[] { 0.5, 1L, 2.5 },
            ["transformer"] = new Dictionary<string, object?> { ["encoder"] = new Dictionary<string, object?> { ["embed_dim"] = 16L } },
        });
        Assert.Equal(12, options.Integer("layers", 1, 1, 100));
        Assert.Equal(0.5, options.Number("ratio", 1));
        Assert.Equal(12, options.Number("layers", 1));
        Assert.Equal("data2vec_text", options.Text("name"));
        Assert.False(options.Flag("pre_norm"));
        Assert.Equal([0.5f, 1f, 2.5f], options.Numbers("mean", 3)!);
        Assert.Equal(16, options.Integer("transformer.encoder.embed_dim", 1, 1, 100));
        Assert.Equal(16, options.Group("transformer.encoder")!.Integer("embed_dim", 1, 1, 100));
        Assert.Equal((7, 0.25, null, null), (options.Integer("none", 7, 1, 100), options.Number("missing", 0.25), options.Flag("none"), options.Text("transformer.missing.name")));
        options.Require("pre_norm", "true", "false");
        options.Require("missing", "gelu", "gelu");
        string place = container == Container.Json ? "config.json: " : "the option ";
        AssertBad($"{place}layers is 12; it must be from 1 to 11", () => options.Integer("layers", 1, 1, 11));
        AssertBad($"{place}name is not a whole number", () => options.Integer("name", 1, 1, 11));
        AssertBad($"{place}name is 'data2vec_text'; only 'roberta' is supported", () => options.Require("name", "roberta", "roberta"));
        AssertBad($"{place}pre_norm is false; only true is supported", () => options.Require("pre_norm", "true", "true"));
        AssertBad($"{place}mean is not a list of 2 numbers", () => options.Numbers("mean", 2));
        AssertBad($"{place}layers is neither true nor false", () => options.Flag("layers"));
    }

    [Fact]
    public void References_of_OmegaConf_are_followed_from_the_root_and_circles_are_refused()
    {
        CheckpointOptions options = Create(Container.DictConfig, new()
        {
            ["task"] = new Dictionary<string, object?> { ["tokens_per_sample"] = 512L, ["circle"] = "${task.circle}", ["unset"] = "???" },
            ["model"] = new Dictionary<string, object?> { ["max_positions"] = "${task.tokens_per_sample}" },
        });
        Assert.Equal(512, options.Group("model")!.Integer("max_positions", 1, 1, 1000));
        Assert.False(options.Has("task.unset"));
        AssertBad("the option task.circle refers to itself", () => options.Has("task.circle"), "circle refers to itself");
    }

    [Fact]
    public void Pickled_numbers_texts_and_flags_are_those_that_were_written()
    {
        Gen<object?> value = Gen.OneOf(Gen.Long.Select(number => (object?)number), Gen.Bool.Select(flag => (object?)flag), Gen.String[Gen.Char['a', 'z'], 0, 20].Select(text => (object?)text));
        Gen.Dictionary(Gen.String[Gen.Char['a', 'z'], 1, 10], value)[1, 20].Sample(tree =>
        {
            foreach (Container container in new[] { Container.Dictionary, Container.Namespace, Container.DictConfig })
            {
                CheckpointOptions options = Create(container, tree);
                foreach ((string name, object? written) in tree)
                {
                    Assert.Equal(written, written switch
                    {
                        long number => number is >= int.MinValue and <= int.MaxValue ? (long)options.Integer(name, 0, int.MinValue, int.MaxValue) : (long)number,
                        bool => options.Flag(name),
                        _ => options.Text(name),
                    });
                }
            }
        }, iter: 100);
    }

    [Fact]
    public void Lists_that_contain_themselves_are_not_walked()
    {
        byte[] pickle = PickleBuilder.Start().EmptyDict().Text("list").EmptyList().Put(1).Get(1).Append().Op("s").Stop();
        CheckpointOptions options = CheckpointOptions.FromPickle(PyTorch.Checkpoint.Load(pickle))!;
        Assert.Throws<InvalidDataException>(() => options.Numbers("list", 1));
    }

    private static void AssertBad(string message, Action action, string? ending = null)
    {
        string actual = Assert.Throws<InvalidDataException>(action).Message;
        if (ending is null)
        {
            Assert.Equal(message, actual);
        }
        else
        {
            Assert.EndsWith(ending, actual, StringComparison.Ordinal);
        }
    }

    private static CheckpointOptions Create(Container container, Dictionary<string, object?> tree)
    {
        if (container == Container.Json)
        {
            return CheckpointOptions.FromJson(JsonSerializer.SerializeToElement(tree), "config.json");
        }

        PickleBuilder pickle = PickleBuilder.Start();
        Write(pickle, container, tree);
        return CheckpointOptions.FromPickle(PyTorch.Checkpoint.Load(pickle.Stop()))!;
    }

    // As Python pickles them: DictConfig, ListConfig and AnyNode have their value in _content or _val of their state.
    private static void Write(PickleBuilder pickle, Container container, object? value)
    {
        switch (value)
        {
            case Dictionary<string, object?> tree when container == Container.DictConfig:
                Instance("omegaconf.dictconfig", "DictConfig", "_content", () => WriteEntries(tree));
                break;
            case Dictionary<string, object?> tree when container == Container.Namespace:
                pickle.Global("argparse", "Namespace").EmptyTuple().Raw(0x81);
                WriteEntries(tree);
                pickle.Build();
                break;
            case Dictionary<string, object?> tree:
                WriteEntries(tree);
                break;
            case object?[] items when container == Container.DictConfig:
                Instance("omegaconf.listconfig", "ListConfig", "_content", () => WriteItems(items));
                break;
            case object?[] items:
                WriteItems(items);
                break;
            default:
                if (container == Container.DictConfig)
                {
                    Instance("omegaconf.nodes", "AnyNode", "_val", () => WriteScalar(value));
                }
                else
                {
                    WriteScalar(value);
                }

                break;
        }

        void Instance(string module, string name, string attribute, Action write)
        {
            pickle.Global(module, name).EmptyTuple().Raw(0x81).EmptyDict().Mark().Text("_metadata").None().Text(attribute);
            write();
            pickle.Op("u").Build();
        }

        void WriteEntries(Dictionary<string, object?> tree)
        {
            pickle.EmptyDict().Mark();
            foreach ((string name, object? entry) in tree)
            {
                pickle.Text(name);
                Write(pickle, container, entry);
            }

            pickle.Op("u");
        }

        void WriteItems(object?[] items)
        {
            pickle.EmptyList();
            foreach (object? item in items)
            {
                Write(pickle, container, item);
                pickle.Append();
            }
        }

        void WriteScalar(object? scalar) => _ = scalar switch
        {
            null => pickle.None(),
            bool flag => pickle.Raw(flag ? (byte)0x88 : (byte)0x89),
            long number => pickle.Long(number),
            double number => pickle.Op("G").Raw([.. BitConverter.GetBytes(number).Reverse()]),
            string text => pickle.Text(text),
            _ => throw new ArgumentOutOfRangeException(nameof(scalar)),
        };
    }
}
