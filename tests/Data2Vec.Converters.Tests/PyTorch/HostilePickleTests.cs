using System.Diagnostics;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Tests.PyTorch;

/// <summary>Pickles that attack the program that loads them, after the test corpora of picklescan and fickling.</summary>
public class HostilePickleTests
{
    public static TheoryData<string, string> Functions => new()
    {
        { "os", "system" },
        { "posix", "system" },
        { "nt", "system" },
        { "subprocess", "Popen" },
        { "subprocess", "check_output" },
        { "builtins", "eval" },
        { "builtins", "exec" },
        { "builtins", "getattr" },
        { "builtins", "open" },
        { "builtins", "__import__" },
        { "__builtin__", "eval" },
        { "runpy", "_run_code" },
        { "pty", "spawn" },
        { "pydoc", "locate" },
        { "pkgutil", "resolve_name" },
        { "operator", "attrgetter" },
        { "operator", "methodcaller" },
        { "ctypes", "CDLL" },
        { "types", "CodeType" },
        { "marshal", "loads" },
        { "cProfile", "run" },
        { "asyncio.unix_events", "_UnixSubprocessTransport._start" },
        { "imaplib", "IMAP4_stream" },
        { "uuid", "_get_command_stdout" },
        { "torch.serialization", "load" },
        { "torch.jit.unsupported_tensor_ops", "execWrapper" },
        { "torch.utils.collect_env", "run" },
        { "numpy.f2py.crackfortran", "getlincoef" },
        { "pathlib", "os.system" },
        { "torch", "Size.__init__.__globals__" },
        { "System.Diagnostics", "Process" },
        { "collections", "OrderedDict.fromkeys" },
        { "torch._utils", "_rebuild_tensor_v2.__globals__" },
    };

    [Theory]
    [MemberData(nameof(Functions))]
    public void Calling_any_other_function_only_writes_the_call_down(string module, string name)
    {
        byte[][] pickles =
        [
            PickleBuilder.Start().Global(module, name).Text("touch hacked").Tuple1().Reduce().Stop(),
            PickleBuilder.Start().Global(module, name).Text("touch hacked").Tuple1().Raw(0x81).Stop(),
            PickleBuilder.Start().Global(module, name).Text("touch hacked").Tuple1().EmptyDict().Raw(0x92).Stop(),
            PickleBuilder.Start(4).Text(module).Text(name).StackGlobal().Text("touch hacked").Tuple1().Reduce().Stop(),
            PickleBuilder.Start().Mark().Text("touch hacked").Op($"i{module}\n{name}\n").Stop(),
            PickleBuilder.Start().Mark().Global(module, name).Text("touch hacked").Op("o").Stop(),
        ];
        foreach (byte[] pickle in pickles)
        {
            var call = Assert.IsType<PickleObject>(Checkpoint.Load(pickle));
            Assert.Equal((module, name), (call.Module, call.Name));
            Assert.Equal(["touch hacked"], call.Arguments);
        }
    }

    [Fact]
    public void Calling_what_a_call_returned_is_written_down_too()
    {
        byte[] pickle = PickleBuilder.Start().Global("builtins", "getattr").Global("os", "path").Text("system").Tuple2().Reduce()
            .Text("id").Tuple1().Reduce().Stop();
        var call = Assert.IsType<PickleObject>(Checkpoint.Load(pickle));
        Assert.Equal(["id"], call.Arguments);
        Assert.Equal("builtins.getattr", call.Callable!.ToString());
    }

    [Fact]
    public void Objects_made_and_dropped_again_did_nothing() =>
        Assert.Equal(7L, Checkpoint.Load(PickleBuilder.Start()
            .Mark().Global("os", "system").Text("id").Op("o").Op("0")
            .Mark().Text("id").Op("ios\nsystem\n").Op("0").Int(7).Stop()));

    [Fact]
    public void State_of_any_kind_is_only_kept()
    {
        byte[] pickle = PickleBuilder.Start().Global("os", "thing").EmptyTuple().Reduce()
            .EmptyDict().Text("__class__").Text("evil").Op("s").Build().Stop();
        var placeholder = Assert.IsType<PickleObject>(Checkpoint.Load(pickle));
        Assert.True(placeholder.TryGetAttribute("__class__", out object? value));
        Assert.Equal("evil", value);
    }

    [Fact]
    public void A_class_named_by_way_of_the_memo_is_a_name_like_any_other()
    {
        byte[] pickle = PickleBuilder.Start(4).Text("os").Put(0).Text("system").Put(1).Op("00").Get(0).Get(1).StackGlobal().Stop();
        Assert.Equal("os.system", Assert.IsType<PickleGlobal>(Checkpoint.Load(pickle)).ToString());
    }

    public static TheoryData<string, string, byte[]> Malformed => new()
    {
        { "not a call of anything", "the pickle calls something that is neither a function nor a class",
            PickleBuilder.Start().Int(1).EmptyTuple().Reduce().Stop() },
        { "a call of a dictionary", "the pickle calls something that is neither a function nor a class",
            PickleBuilder.Start().EmptyDict().EmptyTuple().Reduce().Stop() },
        { "arguments are no tuple", "the pickle lacks the arguments of a call",
            PickleBuilder.Start().Global("os", "system").EmptyList().Reduce().Stop() },
        { "keywords are no dictionary", "the pickle lacks the keyword arguments of a call",
            PickleBuilder.Start().Global("a", "b").EmptyTuple().None().Raw(0x92).Stop() },
        { "a class of numbers", "the pickle lacks the name of a class",
            PickleBuilder.Start(4).Int(1).Int(2).StackGlobal().Stop() },
        { "a class of one name", "the pickle takes a value from an empty stack",
            PickleBuilder.Start(4).Text("os").StackGlobal().Stop() },
        { "a class of an unknown memo", "the pickle recalls value 9, which it never stored",
            PickleBuilder.Start(4).Get(9).Get(8).StackGlobal().Stop() },
        { "an object of no class", "the pickle makes an object without naming its class",
            PickleBuilder.Start().Mark().Op("o").Stop() },
        { "an object of a number", "the pickle calls something that is neither a function nor a class",
            PickleBuilder.Start().Mark().Int(1).Op("o").Stop() },
        { "a name that never ends", "the pickle has a line of more than 1024 bytes",
            PickleBuilder.Start().Op("c" + new string('a', 5000)).Stop() },
        { "a name that is no UTF-8", "a string of the pickle is not valid UTF-8",
            PickleBuilder.Start().Op("c\xff\xfe\nname\n").Stop() },
        { "protocol twice", "the pickle states its protocol in the middle", PickleBuilder.Start().Raw(0x80, 2).None().Stop() },
        { "protocol in the middle", "the pickle states its protocol in the middle",
            PickleBuilder.Start().None().Raw(0x80, 2).Stop() },
        { "protocol of the future", "pickle protocol 6 is not known", PickleBuilder.Start(6).None().Stop() },
        { "tuple without mark", "the pickle takes values up to a mark that is not there",
            PickleBuilder.Start().Int(1).Tuple().Stop() },
        { "list without mark", "the pickle takes values up to a mark that is not there",
            PickleBuilder.Start().Int(1).Op("l").Stop() },
        { "dict without mark", "the pickle takes values up to a mark that is not there",
            PickleBuilder.Start().Int(1).Op("d").Stop() },
        { "appends without mark", "the pickle takes values up to a mark that is not there",
            PickleBuilder.Start().EmptyList().Int(1).Op("e").Stop() },
        { "setitems without mark", "the pickle takes values up to a mark that is not there",
            PickleBuilder.Start().EmptyDict().Int(1).Int(2).Op("u").Stop() },
        { "inst without mark", "the pickle takes values up to a mark that is not there",
            PickleBuilder.Start().Op("ios\nsystem\n").Stop() },
        { "obj without mark", "the pickle takes values up to a mark that is not there",
            PickleBuilder.Start().Global("os", "system").Op("o").Stop() },
        { "pop_mark without mark", "the pickle takes values up to a mark that is not there",
            PickleBuilder.Start().None().Op("1").Stop() },
        { "frozenset without mark", "the pickle takes values up to a mark that is not there",
            PickleBuilder.Start(4).None().Raw(0x91).Stop() },
        { "additems without mark", "the pickle takes values up to a mark that is not there",
            PickleBuilder.Start(4).Raw(0x8f).None().Raw(0x90).Stop() },
        { "a mark for a value", "the pickle takes a value from an empty stack",
            PickleBuilder.Start().Int(1).Mark().Append().Stop() },
        { "taking from below the mark", "the pickle takes a value from an empty stack",
            PickleBuilder.Start().Int(1).Mark().Raw(0x85).Stop() },
        { "putting a mark", "the pickle takes a value from an empty stack", PickleBuilder.Start().None().Mark().Put(0).Stop() },
        { "a mark left over", "the pickle ends with values left over", PickleBuilder.Start().Mark().None().Stop() },
        { "values left over", "the pickle ends with values left over", PickleBuilder.Start().None().None().Stop() },
        { "nothing at the end", "the pickle takes a value from an empty stack", PickleBuilder.Start().Stop() },
        { "pop of nothing", "the pickle takes a value from an empty stack", PickleBuilder.Start().Op("0").Stop() },
        { "dup of nothing", "the pickle takes a value from an empty stack", PickleBuilder.Start().Op("2").Stop() },
        { "put of nothing", "the pickle takes a value from an empty stack", PickleBuilder.Start().Put(1).Stop() },
        { "append to nothing", "the pickle takes a value from an empty stack", PickleBuilder.Start().None().Append().Stop() },
        { "append to a tuple", "the pickle appends to something that is not a list",
            PickleBuilder.Start().EmptyTuple().None().Append().Stop() },
        { "append to a dictionary", "the pickle appends to something that is not a list",
            PickleBuilder.Start().EmptyDict().None().Append().Stop() },
        { "append to a class", "the pickle appends to something that is not a list",
            PickleBuilder.Start().Global("os", "system").None().Append().Stop() },
        { "an entry of a list", "the pickle sets an entry of something that is not a dictionary",
            PickleBuilder.Start().EmptyList().None().None().Op("s").Stop() },
        { "an entry of a number", "the pickle sets an entry of something that is not a dictionary",
            PickleBuilder.Start().Int(1).Mark().None().None().Op("u").Stop() },
        { "a key without value", "the pickle has a dictionary key without a value",
            PickleBuilder.Start().EmptyDict().Mark().None().Op("u").Stop() },
        { "a key of a dict without value", "the pickle has a dictionary key without a value",
            PickleBuilder.Start().Mark().None().Op("d").Stop() },
        { "state of a list", "the pickle sets the state of something that has none",
            PickleBuilder.Start().EmptyList().None().Build().Stop() },
        { "state of a class", "the pickle sets the state of something that has none",
            PickleBuilder.Start().Global("os", "system").EmptyDict().Build().Stop() },
        { "state of a tuple", "the pickle sets the state of something that has none",
            PickleBuilder.Start().EmptyTuple().EmptyDict().Build().Stop() },
        { "recalling what was never stored", "the pickle recalls value 3, which it never stored",
            PickleBuilder.Start().Get(3).Stop() },
        { "recalling far away", "the pickle recalls value 4294967295, which it never stored",
            PickleBuilder.Start().Op("j\xff\xff\xff\xff").Stop() },
        { "recalling by a word", "'abc' is not an integer", PickleBuilder.Start().Op("gabc\n").Stop() },
        { "storing at a negative place", "the pickle has an impossible memo number",
            PickleBuilder.Start().None().Op("p-1\n").Stop() },
        { "storing at a huge place", "the pickle has an impossible memo number",
            PickleBuilder.Start().None().Op("p99999999999999999999\n").Stop() },
        { "unknown instruction", "0xff is not a pickle instruction", PickleBuilder.Start().Raw(0xff).Stop() },
        { "instruction zero", "0x00 is not a pickle instruction", PickleBuilder.Start().Raw(0).Stop() },
        { "extension registry", "the pickle uses Python's extension registry", PickleBuilder.Start().Raw(0x82, 1).Stop() },
        { "outside buffer", "the pickle refers to buffers outside itself", PickleBuilder.Start(5).Raw(0x97).Stop() },
        { "persistent text", "the pickle refers to outside data by a text", PickleBuilder.Start().Op("Pstorage\n").Stop() },
        { "persistent number", "the pickle refers to outside data that is not a tensor storage",
            PickleBuilder.Start().Int(1).Op("Q").Stop() },
        { "persistent something", "the pickle refers to outside data that is not a tensor storage",
            PickleBuilder.Start().Text("other").Int(1).Tuple2().Op("Q").Stop() },
        { "persistent module", "the file holds a whole Python module",
            PickleBuilder.Start().Text("module").Global("os", "system").Tuple2().Op("Q").Stop() },
        { "string longer than the pickle", "the pickle ends too early",
            PickleBuilder.Start().Op("X").UInt32(uint.MaxValue).Stop() },
        { "bytes longer than the pickle", "the pickle ends too early",
            PickleBuilder.Start(3).Op("B").UInt32(2_000_000_000).Stop() },
        { "8-byte length", "the pickle ends too early", PickleBuilder.Start(4).Raw(0x8d).UInt64(ulong.MaxValue).Stop() },
        { "8-byte length of bytes", "the pickle ends too early", PickleBuilder.Start(4).Raw(0x8e).UInt64(1ul << 40).Stop() },
        { "bytearray", "the pickle ends too early", PickleBuilder.Start(5).Raw(0x96).UInt64(long.MaxValue).Stop() },
        { "negative length", "the pickle states a negative length",
            PickleBuilder.Start().Op("T").UInt32(uint.MaxValue).Stop() },
        { "negative integer length", "the pickle states a negative length",
            PickleBuilder.Start().Raw(0x8b).UInt32(0x80000000).Stop() },
        { "huge integer", "the pickle has a value of 5000 bytes",
            PickleBuilder.Start().Raw(0x8b).UInt32(5000).Raw(new byte[5000]).Stop() },
        { "integer longer than the pickle", "the pickle ends too early",
            PickleBuilder.Start().Raw(0x8b).UInt32(2_000_000_000).Stop() },
        { "text that is no UTF-8", "a string of the pickle is not valid UTF-8",
            PickleBuilder.Start().Op("X").UInt32(2).Raw(0xff, 0xff).Stop() },
        { "number of letters", "'abc' is not an integer", PickleBuilder.Start().Op("Iabc\n").Stop() },
        { "number of nothing", "'' is not an integer", PickleBuilder.Start().Op("I\n").Stop() },
        { "long number of digits", "the pickle has a line of more than 1024 bytes",
            PickleBuilder.Start().Op("L" + new string('9', 100_000) + "\n").Stop() },
        { "float of letters", "'abc' is not a number", PickleBuilder.Start().Op("Fabc\n").Stop() },
        { "string without quotes", "a string of the pickle is not in quotes", PickleBuilder.Start().Op("Sabc\n").Stop() },
        { "string of one quote", "a string of the pickle is not in quotes", PickleBuilder.Start().Op("S'\n").Stop() },
        { "string of an unknown escape", "a string of the pickle has an unknown escape",
            PickleBuilder.Start().Op("S'\\q'\n").Stop() },
        { "string of a broken escape", "a string of the pickle has a broken escape",
            PickleBuilder.Start().Op("S'\\x4'\n").Stop() },
        { "text of a broken escape", "a string of the pickle has a broken escape",
            PickleBuilder.Start().Op("V\\u12\n").Stop() },
        { "text beyond unicode", "a string of the pickle has a character beyond Unicode",
            PickleBuilder.Start().Op("V\\Uffffffff\n").Stop() },
        { "frame beyond the pickle", "a pickle frame ends after the pickle",
            PickleBuilder.Start(4).Raw(0x95).UInt64(1000).None().Stop() },
        { "frame of all memory", "a pickle frame ends after the pickle",
            PickleBuilder.Start(4).Raw(0x95).UInt64(ulong.MaxValue).None().Stop() },
        { "frame in a frame", "a pickle frame begins inside another",
            PickleBuilder.Start(4).Raw(0x95).UInt64(11).Raw(0x95).UInt64(1).None().Stop() },
        { "frame that ends in an instruction", "a pickle frame ends inside an instruction",
            PickleBuilder.Start(4).Raw(0x95).UInt64(3).Text("abc").Stop() },
        { "second pickle behind the first", "14 bytes follow the pickle in data.pkl",
            PickleBuilder.Start().None().Op(".").Raw(0x80, 2).Global("os", "system").Stop() },
        { "no end", "the pickle ends too early",
            PickleBuilder.Start().Global("os", "system").Text("id").Tuple1().Reduce().ToArray() },
        { "nothing at all", "the pickle ends too early", [] },
        { "OrderedDict of a number", "collections.OrderedDict is given arguments that it does not take",
            PickleBuilder.Start().Global("collections", "OrderedDict").Int(1).Tuple1().Reduce().Stop() },
        { "OrderedDict of numbers", "collections.OrderedDict is given arguments that it does not take",
            PickleBuilder.Start().Global("collections", "OrderedDict")
            .EmptyList().Int(1).Append().Tuple1().Reduce().Stop() },
        { "encode of a number", "_codecs.encode is given arguments that it does not take",
            PickleBuilder.Start().Global("_codecs", "encode").Int(1).Text("latin1").Tuple2().Reduce().Stop() },
        { "encode by another codec", "_codecs.encode is given arguments that it does not take",
            PickleBuilder.Start().Global("_codecs", "encode").Text("a").Text("rot13").Tuple2().Reduce().Stop() },
        { "encode beyond latin1", "a byte string of the pickle has characters beyond Latin-1",
            PickleBuilder.Start().Global("_codecs", "encode").Text("世").Text("latin1").Tuple2().Reduce().Stop() },
        { "complex of text", "builtins.complex is given arguments that it does not take",
            PickleBuilder.Start().Global("builtins", "complex").Text("a").Text("b").Tuple2().Reduce().Stop() },
        { "set of a number", "builtins.set is given arguments that it does not take",
            PickleBuilder.Start().Global("builtins", "set").Int(1).Tuple1().Reduce().Stop() },
        { "bytearray of a size", "builtins.bytearray is given arguments that it does not take",
            PickleBuilder.Start().Global("builtins", "bytearray").Int(int.MaxValue).Tuple1().Reduce().Stop() },
        { "size of a number", "torch.Size is given something that is not a shape",
            PickleBuilder.Start().Global("torch", "Size").Int(1).Tuple1().Reduce().Stop() },
        { "long key", "a dictionary key has 5000 characters",
            PickleBuilder.Start().EmptyDict().Text(new string('k', 5000)).None().Op("s").Stop() },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Malformed_pickles_are_refused_with_the_reason(string what, string reason, byte[] pickle)
    {
        Assert.EndsWith($".pt: {reason}", Checkpoint.RefusePickle(pickle).Split(';')[0], StringComparison.Ordinal);
        Assert.NotEmpty(what);
    }

    [Fact]
    public void Dropping_a_mark_is_what_python_does_too() =>
        Assert.Null(Checkpoint.Load(PickleBuilder.Start().None().Mark().Op("0").Stop()));

    [Fact]
    public void Cycles_are_harmless()
    {
        byte[] pickle = PickleBuilder.Start().EmptyList().Put(0).Get(0).Append()
            .EmptyDict().Put(1).Text("self").Get(1).Op("s").Append().Stop();
        var list = Assert.IsType<PickleList>(Checkpoint.Load(pickle));
        Assert.Same(list, list[0]);
        var dictionary = Assert.IsType<PickleDictionary>(list[1]);
        Assert.Same(dictionary, dictionary["self"]);
    }

    [Fact]
    public void Tuples_in_themselves_are_harmless_keys()
    {
        byte[] pickle = PickleBuilder.Start().EmptyList().Put(0).Get(0).Tuple1().Put(1).Append()
            .EmptyDict().Get(1).None().Op("s").Raw(0x86).Stop();
        var pair = Assert.IsType<PickleTuple>(Checkpoint.Load(pickle));
        Assert.Single(Assert.IsType<PickleDictionary>(pair[1]));
    }

    // Each level holds the one below ten times: walked out, ten to the power of 200 values.
    [Theory]
    [InlineData("list by DUP")]
    [InlineData("list by memo")]
    [InlineData("tuples as keys")]
    public void Billion_laughs_cost_nothing(string kind)
    {
        PickleBuilder pickle = PickleBuilder.Start().EmptyTuple();
        for (int level = 0; level < 200; level++)
        {
            switch (kind)
            {
                case "list by DUP":
                    pickle.Put(0).Op("0").Mark().Get(0).Repeat(9, p => p.Op("2")).Op("l");
                    break;
                case "list by memo":
                    pickle.Put(0).Op("0").Mark().Repeat(10, p => p.Get(0)).Tuple();
                    break;
                default:
                    pickle.Put(0).Op("0").Mark().Repeat(10, p => p.Get(0)).Tuple().Put(0).Op("0")
                        .EmptyDict().Get(0).None().Op("s").Op("0").Get(0);
                    break;
            }
        }

        Assert.NotNull(Bounded(() => Checkpoint.Load(pickle.Stop())));
    }

    public static TheoryData<string> Floods =>
    [
        "marks", "stack", "memo", "lists", "dictionaries", "nested tuples", "growing list", "strings", "encode", "copies",
        "instructions", "calls", "storages",
    ];

    [Theory]
    [MemberData(nameof(Floods))]
    public void Floods_of_anything_end_early_in_little_memory(string kind)
    {
        const int many = 9_000_000;
        byte[] pickle = kind switch
        {
            "marks" => PickleBuilder.Start().Op(new string('(', many)).Stop(),
            "stack" => PickleBuilder.Start().Op(new string('N', many)).Stop(),
            "memo" => PickleBuilder.Start(4).None().Op(new string('\x94', many)).Stop(),
            "lists" => PickleBuilder.Start().Op(string.Concat(Enumerable.Repeat("]0", many / 2))).Stop(),
            "dictionaries" => PickleBuilder.Start().EmptyList().Op(string.Concat(Enumerable.Repeat("}NNsa", many / 5))).Stop(),
            "nested tuples" => PickleBuilder.Start().None().Op(new string('\x85', many)).Stop(),
            "growing list" => PickleBuilder.Start().EmptyList().Op(string.Concat(Enumerable.Repeat("Na", many / 2))).Stop(),
            "strings" => PickleBuilder.Start().EmptyList()
                .Repeat(3, p => p.Text(new string('x', 15 << 20)).Append()).Stop(),
            "encode" => PickleBuilder.Start().EmptyList().Put(0).Text(new string('x', 1 << 20)).Put(1).Op("0")
                .Repeat(10_000, p => p.Global("_codecs", "encode").Get(1).Text("latin1").Tuple2().Reduce().Append()).Stop(),
            "copies" => PickleBuilder.Start().EmptyList().Mark().Repeat(100_000, p => p.Op("N")).Op("e").Put(1).Op("0").EmptyList()
                .Repeat(10_000, p => p.Global("builtins", "set").Get(1).Tuple1().Reduce().Append()).Stop(),
            "instructions" => PickleBuilder.Start().None().Op(string.Concat(Enumerable.Repeat("N0", many / 2))).Stop(),
            "calls" => PickleBuilder.Start().Global("a", "b").Op(string.Concat(Enumerable.Repeat(")R", many / 2))).Stop(),
            _ => PickleBuilder.Start().Repeat(100_000, p => p.Storage(key: Guid.NewGuid().ToString(), count: 1).Op("0")).None().Stop(),
        };
        byte[] file = Checkpoint.Zip(pickle, Checkpoint.FourFloats);
        string reason = Bounded(() => Checkpoint.Refuse(file));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void Keys_made_to_collide_or_to_be_hashed_for_ever_do_neither()
    {
        PickleBuilder pickle = PickleBuilder.Start().EmptyList().EmptyDict();
        // The halves of these numbers cancel each other out in the hash that a long has by itself.
        for (uint key = 1; key <= 200_000; key++)
        {
            pickle.Long((long)(((ulong)key << 32) | key)).Op("Ns");
        }

        pickle.Append().Text(new string('k', 1024)).Put(0).Op("0").EmptyDict().Repeat(400_000, p => p.Get(0).Op("Ns")).Append();
        byte[] file = Checkpoint.Zip(pickle.Stop());
        Bounded(() => Checkpoint.Open(file).Dispose());
    }

    [Fact]
    public void A_compressed_bomb_for_a_pickle_is_refused()
    {
        byte[] bomb = new byte[65 << 20];
        byte[] file = new ZipBuilder().Add("a/data.pkl", bomb, deflated: true).ToArray();
        Assert.True(file.Length < 200_000);
        Bounded(() => Assert.Contains("bytes", Checkpoint.Refuse(file), StringComparison.Ordinal));
    }

    /// <summary>Asserts that something takes neither long nor much memory at a time.</summary>
    private static T Bounded<T>(Func<T> action)
    {
        GC.Collect();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using var stop = new CancellationTokenSource();
        long peak = 0;
        var watcher = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false));
                Thread.Sleep(5);
            }
        });
        watcher.Start();
        var watch = Stopwatch.StartNew();
        T result;
        try
        {
            result = action();
        }
        finally
        {
            stop.Cancel();
            watcher.Join();
        }

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"it took {watch.Elapsed}");
        Assert.True(peak - before < 400L << 20, $"it took {(peak - before) >> 20} MB");
        return result;
    }

    private static void Bounded(Action action) => Bounded(() =>
    {
        action();
        return true;
    });
}
