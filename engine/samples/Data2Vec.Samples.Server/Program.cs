// A server of models in an application of one's own, with OpenAI's interfaces for embeddings and transcriptions:
//   dotnet run -- --urls http://localhost:8080
//   curl localhost:8080/v1/embeddings -H 'Content-Type: application/json' -d '{"model": "text", "input": ["a text", "another one"]}'
// The options are those of the section Data2Vec of the configuration, see engine/docs/serving.md.
using Data2Vec;
using Data2Vec.Server;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.AddData2VecServer(builder.Configuration.GetSection(Data2VecServerOptions.Section), options =>
    options.Models.TryAdd("text", new ModelSource { Load = how => BundledModels.Load("text", how) }));
WebApplication application = builder.Build();
application.MapData2Vec();
application.Run();
