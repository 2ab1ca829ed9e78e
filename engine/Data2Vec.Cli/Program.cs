Console.WriteLine("data2vec");
