using Data2Vec;
using Data2Vec.Audio;
using Data2Vec.Converters.Hub;
using Data2Vec.Extensions.AI;
using Data2Vec.Kernels.Gpu;
using Data2Vec.Memes;
using Data2Vec.Memes.Ocr;
using Data2Vec.Vision.Images;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Readme;

/// <summary>The README's C#, word for word between the marks.</summary>
internal static class Snippets
{
    public static async Task<string> Pulled()
    {
        // README
        using var store = new ModelStore();
        string path = await store.PullAsync("facebook/data2vec-audio-base-960h");
        // END
        return path;
    }

    public static async Task<float[][]> Native()
    {
        // README
        using SpeechModel model = Data2VecModel.Load<SpeechModel>("speech.d2v");
        Waveform recording = WavFile.Load("recording.wav");

        float[] vector = model.Embed(recording, new EmbeddingOptions { Normalize = true });   // resampled if needed
        float[][] many = await model.EmbedAsync([recording, recording]);
        if (model.CanTranscribe)
        {
            Console.WriteLine(model.Transcribe(recording));
        }
        // END
        return [vector, .. many];
    }

    public static async Task<GeneratedEmbeddings<Embedding<float>>> Generators()
    {
        // README
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddDistributedMemoryCache();
        builder.Services.AddData2VecEmbeddings(new LazyModel("text.d2v"), new EmbeddingOptions { Normalize = true })
            .UseDistributedCache()
            .UseLogging()
            .UseOpenTelemetry();
        builder.Services.AddKeyedData2VecContentEmbeddings("images", new LazyModel("image.d2v"));
        builder.Services.AddData2VecWarmUp();               // loads the models before the first request
        builder.Services.AddHealthChecks().AddData2Vec();   // and tells whether they work

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
        // README
#pragma warning disable MEAI001
        using var model = new LazyModel("speech.d2v");
        ISpeechToTextClient client = model.AsSpeechToTextClient();
        using FileStream recording = File.OpenRead("recording.wav");
        string text = (await client.GetTextAsync(recording)).Text;
        // END
        return text;
    }

    public static float[] OnDevice()
    {
        // README
        using GpuBackend? gpu = GpuDevices.Best?.Open();   // or GpuDevices.Find("cuda:1").Open()
        using SpeechModel model = Data2VecModel.Load<SpeechModel>("speech.d2v", new ModelOptions { Backend = gpu });
        // END
        return model.EmbedPrepared(new float[model.SampleRate]);
    }

    public static MemeScore Scored()
    {
        // README
        using var recognizer = new TesseractRecognizer(new OcrOptions { Languages = "eng+spa" });
        using MemeClassifier classifier = MemeClassifier.Load("memes.d2v", new MemeOptions { TextRecognizer = recognizer });
        MemeScore score = classifier.Score(ImageFile.Load("meme.jpg"));
        Console.WriteLine($"{score.Score}, probability {score.Probability}: {score.Text}");
        // END
        return score;
    }
}
