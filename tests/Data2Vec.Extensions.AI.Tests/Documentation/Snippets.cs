using Data2Vec;
using Data2Vec.Audio;
using Data2Vec.Audio.Codecs;
using Data2Vec.Cluster;
using Data2Vec.Converters.Hub;
using Data2Vec.Corpus;
using Data2Vec.Extensions.AI;
using Data2Vec.Kernels.Gpu;
using Data2Vec.Memes;
using Data2Vec.Memes.Ocr;
using Data2Vec.Recognition.LanguageModels;
using Data2Vec.Server;
using Data2Vec.Training.Data;
using Data2Vec.Training.Recipes;
using Data2Vec.Training.Runs;
using Data2Vec.Vision.Images;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Documentation;

/// <summary>The C# of the README and of the pages, word for word between the marks.</summary>
internal static class Snippets
{
    public static float[] ReadmeSpeech()
    {
        // README.md
        using SpeechModel model = Data2VecModel.Load<SpeechModel>("speech.d2v");
        Waveform recording = AudioFile.Load("recording.wav");
        float[] vector = model.Embed(recording, new EmbeddingOptions { Normalize = true });   // resampled if needed
        if (model.CanTranscribe)
        {
            Console.WriteLine(model.Transcribe(recording));
        }
        // END
        return vector;
    }

    public static async Task<int> Pretrained()
    {
        // engine/docs/training.md
        PretrainingRecipe recipe = RecipeFile.ReadPretraining("speech-small", new Dictionary<string, string> { ["updates"] = "2" });
        ModelStart start = ModelStart.New(recipe);
        SpeechOptions reading = SpeechOptions.For((AudioConfig)start.Config) with { MinSamples = recipe.MinSamples, MaxSamples = recipe.MaxSamples };
        RunOutcome outcome = await PretrainingRun.RunAsync(
            recipe, start, RecordingData.Open("recordings", reading), new RunOptions { Folder = "run" },
            new Progress<RunReport>(report => Console.WriteLine($"update {report.Update.Update}: loss {report.Update.Loss:0.000}, {report.Left} left")));
        using SpeechModel model = Data2VecModel.Load<SpeechModel>(outcome.Model!);
        // END
        return model.HiddenSize;
    }

    public static async Task<string> Pulled()
    {
        // engine/docs/getting-models.md
        using var store = new ModelStore();
        string path = await store.PullAsync("facebook/data2vec-audio-base-960h");
        // END
        return path;
    }

    public static string Loaded()
    {
        // engine/docs/library.md
        using Data2VecModel model = Data2VecModel.Load("speech.d2v");
        string accepts = model switch
        {
            SpeechModel speech => $"speech at {speech.SampleRate} Hz",
            TextModel => "text",
            VisionModel => "images",
            _ => $"{model.Modality}",
        };
        Console.WriteLine($"{accepts}: {model.Layers} layers, {model.HiddenSize} features");
        // END
        return accepts;
    }

    public static async Task<(float[] Vector, float[][] Many, float[][] Layers)> Speech()
    {
        // engine/docs/library.md
        using SpeechModel model = Data2VecModel.Load<SpeechModel>("speech.d2v");
        Waveform recording = AudioFile.Load("recording.wav");
        float[] vector = model.Embed(recording, new EmbeddingOptions { Normalize = true });   // resampled if needed
        float[][] many = await model.EmbedAsync([recording, recording]);
        float[][] layers = model.EmbedLayers(recording);   // the input of the first layer, then the output of each layer
        // END
        return (vector, many, layers);
    }

    public static (float[] Vector, LabelProbability[] Labels) Text()
    {
        // engine/docs/library.md
        using TextModel model = Data2VecModel.Load<TextModel>("text-sentiment.d2v");
        float[] vector = model.Embed("A gripping, funny and beautifully acted film.");
        LabelProbability[] labels = model.Classify("A gripping, funny and beautifully acted film.");
        Console.WriteLine($"{labels[0].Label}: {labels[0].Probability:P0}");
        // END
        return (vector, labels);
    }

    public static float[] Image()
    {
        // engine/docs/library.md
        using VisionModel model = Data2VecModel.Load<VisionModel>("image.d2v");
        float[] vector = model.Embed(ImageFile.Load("photo.jpg"));   // resized as the model file specifies
        // END
        return vector;
    }

    public static string WordsAndLive()
    {
        // engine/docs/transcription.md
        using SpeechModel model = Data2VecModel.Load<SpeechModel>("speech.d2v");
        Transcript transcript = model.TranscribeWithTimes(
            AudioSource.FromFile("recording.wav", AudioCodecs.Options),                  // read as it is transcribed
            new TranscribeOptions { Silence = new SilenceSplitting() });
        foreach (TranscriptWord word in transcript.Words)
        {
            Console.WriteLine($"{word.Start} {word.Text} ({word.Confidence:P0})");
        }

        LiveTranscription live = model.StartLive(sampleRate: 16_000);
        foreach (float[] samples in Enumerable.Repeat(new float[1600], 20))              // from a microphone
        {
            foreach (TranscriptUpdate update in live.Append(samples))
            {
                Console.WriteLine(update.IsFinal ? update.Text : $"({update.Text})");
            }
        }

        Console.WriteLine(string.Concat(live.Complete().Select(update => update.Text)));
        // END
        return transcript.Text;
    }

    public static Waveform Recording()
    {
        // engine/docs/library.md
        Waveform interview = AudioFile.Load("interview.mp3", AudioCodecs.Options with
        {
            Warning = message => Console.Error.WriteLine($"interview.mp3: {message}"),
            MaxSamples = 3600 * 48_000,   // a longer recording is refused; default: 2^29 samples
        });
        // END
        return interview;
    }

    public static async Task<GeneratedEmbeddings<Embedding<float>>> Generators()
    {
        // engine/docs/library.md
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddDistributedMemoryCache();
        builder.Services.AddData2VecEmbeddings(new LazyModel("text.d2v"), new EmbeddingOptions { Normalize = true })
            .UseDistributedCache()
            .UseLogging()
            .UseOpenTelemetry();
        builder.Services.AddKeyedData2VecContentEmbeddings("images", new LazyModel("image.d2v"));
        builder.Services.AddData2VecWarmUp();               // loads the models before the first request
        builder.Services.AddHealthChecks().AddData2Vec();   // reports whether the models work

        using IHost host = builder.Build();
        await host.StartAsync();
        var texts = host.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
        var images = host.Services.GetRequiredKeyedService<IEmbeddingGenerator<DataContent, Embedding<float>>>("images");
        GeneratedEmbeddings<Embedding<float>> embeddings = await texts.GenerateAsync(["a text", "another one"]);
        Embedding<float> photo = await images.GenerateAsync(await DataContent.LoadFromAsync("photo.jpg"));
        // END
        await host.StopAsync();
        return [.. embeddings, photo];
    }

    public static async Task<string> Transcripts()
    {
        // engine/docs/library.md
#pragma warning disable MEAI001
        using var model = new LazyModel("speech.d2v");
        ISpeechToTextClient client = model.AsSpeechToTextClient();
        using FileStream recording = File.OpenRead("recording.wav");
        string text = (await client.GetTextAsync(recording)).Text;
        // END
        return text;
    }

    public static WebApplication Served()
    {
        // engine/docs/serving.md
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Services.AddData2VecServer(builder.Configuration.GetSection("Data2Vec"), options =>
            options.Models["text"] = new ModelSource { Path = "text.d2v" });
        WebApplication application = builder.Build();
        application.MapData2Vec();
        // END
        return application;
    }

    public static async Task<long> Embedded()
    {
        // engine/docs/corpora.md
        CorpusJob job = CorpusJob.Create("picture-vectors", new EmbedTask("image.d2v"), [new FolderSource("pictures")]);
        using CorpusWorker worker = CorpusWorker.Load(job);
        await using var scheduler = new LocalScheduler(job);
        CorpusProgress done = await worker.RunAsync(scheduler, new Progress<CorpusProgress>(progress => Console.WriteLine($"{progress.Rows} of {progress.Total}")));
        await foreach (CorpusRow row in job.ReadRowsAsync())
        {
            Console.WriteLine($"{row.Id}: {row.Error ?? $"{row.Vector!.Length} numbers"}");
        }
        // END
        return done.Rows;
    }

    public static async Task Shared()
    {
        // engine/docs/cluster.md
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.AddData2VecCluster(options =>
        {
            options.Members = "postgresql:Host=db;Database=data2vec;Username=me";
            options.ClusterId = "pictures";
        });
        using IHost host = builder.Build();
        await host.StartAsync();
        CorpusJob job = CorpusJob.Open("shared-vectors");
        using CorpusWorker worker = CorpusWorker.Load(job);
        await using (var scheduler = new OrleansShardScheduler(host.Services, job))
        {
            await worker.RunAsync(scheduler, scheduler.Watch());
        }

        await host.StopAsync();
        // END
    }

    public static async Task<int> FromTheCluster()
    {
        // engine/docs/cluster.md
        HostApplicationBuilder node = Host.CreateApplicationBuilder();
        node.AddData2VecCluster(options =>
        {
            options.Members = "redis:cache:6379";
            options.Models = ["reviews"]; // a node without models has []
        });
        node.Services.AddKeyedSingleton("reviews", Data2VecModel.Load<TextModel>("text.d2v"));
        using IHost running = node.Build();
        await running.StartAsync();
        float[][] vectors = await running.Services.GetRequiredService<ClusterModels>().EmbedAsync("reviews", ["dull", "gripping"]);
        // END
        return vectors.Length;
    }

    public static float[] OnDevice()
    {
        // engine/docs/gpu.md
        using GpuBackend? gpu = GpuDevices.Best?.Open();   // or GpuDevices.Find("cuda:1").Open()
        using SpeechModel model = Data2VecModel.Load<SpeechModel>("speech.d2v", new ModelOptions { Backend = gpu });
        // END
        return model.EmbedPrepared(new float[model.SampleRate]);
    }

    public static (NGramScore Score, float LogProbability, int Words) LanguageModel()
    {
        // engine/docs/language-models.md
        using NGramModel model = NGramModel.Open("model.bin");
        NGramScore score = model.ScoreSentence("four two");             // score.LogProbability, score.UnknownWords

        NGramState state = model.BeginOfSentence;                       // or NGramModel.Empty
        float logProbability = model.Score(state, model.Find("four"), out NGramState after);
        IReadOnlyList<string>? words = model.ReadWords();               // null if the file has only hashes of them
        // END
        return (score, logProbability, words!.Count);
    }

    public static MemeScore Scored()
    {
        // engine/docs/memes.md
        using var recognizer = new TesseractRecognizer(new OcrOptions { Languages = "eng+spa" });
        using MemeClassifier classifier = MemeClassifier.Load("memes.d2v", new MemeOptions { TextRecognizer = recognizer });
        MemeScore score = classifier.Score(ImageFile.Load("meme.jpg"));
        Console.WriteLine($"{score.Score}, probability {score.Probability}: {score.Text}");
        // END
        return score;
    }
}
