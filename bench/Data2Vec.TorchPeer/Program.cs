using System.Diagnostics;
using System.Globalization;
using Data2Vec.TorchPeer;
using TorchSharp;

// Reads a purpose, the number of threads, a model and a batch from standard input. For "run", it then answers requests for inferences, see Inference.
// For "train", it writes the number of parameters. Then it makes an update for each number that follows, which is the teacher's decay, and writes a line:
// the loss, and the milliseconds of each phase (teacher average, embed, teacher, student, backward, optimizer).
using var input = new BufferedStream(Console.OpenStandardInput(), 1 << 20);
using var reader = new BinaryReader(input);
string purpose = reader.ReadString();
torch.set_num_threads(reader.ReadInt32());
torch.set_num_interop_threads(1);
if (purpose == "run")
{
    using var writer = new BinaryWriter(new BufferedStream(Console.OpenStandardOutput(), 1 << 20));
    new Inference(reader).Serve(reader, writer);
    return;
}

var trainer = Trainer.Read(reader);
Console.WriteLine(trainer.Parameters);
while (reader.ReadBoolean())
{
    double decay = reader.ReadDouble();
    var times = new List<long>();
    double loss = trainer.Update(decay, () => times.Add(Stopwatch.GetTimestamp()));
    IEnumerable<double> phases = times.Zip(times.Skip(1), (from, to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds);
    Console.WriteLine(string.Join(' ', phases.Prepend(loss).Select(value => value.ToString("R", CultureInfo.InvariantCulture))));
}
