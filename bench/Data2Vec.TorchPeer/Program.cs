using System.Diagnostics;
using System.Globalization;
using Data2Vec.TorchPeer;
using TorchSharp;

// Reads a model and a batch from standard input, and writes the number of parameters. Then makes an update for each number that follows, which is the
// teacher's decay, and writes a line: the loss, and the milliseconds of each phase (teacher average, embed, teacher, student, backward, optimizer).
using var input = new BufferedStream(Console.OpenStandardInput(), 1 << 20);
using var reader = new BinaryReader(input);
string model = reader.ReadString();
torch.set_num_threads(reader.ReadInt32());
torch.set_num_interop_threads(1);
var trainer = Trainer.Read(model, reader);
Console.WriteLine(trainer.Parameters);
while (reader.ReadBoolean())
{
    double decay = reader.ReadDouble();
    var times = new List<long>();
    double loss = trainer.Update(decay, () => times.Add(Stopwatch.GetTimestamp()));
    IEnumerable<double> phases = times.Zip(times.Skip(1), (from, to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds);
    Console.WriteLine(string.Join(' ', phases.Prepend(loss).Select(value => value.ToString("R", CultureInfo.InvariantCulture))));
}
