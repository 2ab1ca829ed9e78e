// An embedding server with OpenAI's interface:
//   dotnet run -- --model text.d2v --urls http://localhost:8080
//   curl localhost:8080/v1/embeddings -H 'Content-Type: application/json' -d '{"model": "text", "input": ["a text", "another one"]}'
Data2Vec.Samples.Server.EmbeddingServer.Create(args).Run();
