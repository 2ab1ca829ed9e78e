// Speech to text in one native file. Native code is compiled for one instruction set: say which, or it has vectors of 128 bits.
//   dotnet publish -c Release -p:IlcInstructionSet=native        (or x86-64-v4, x86-64-v3: AVX-512, AVX2)
//   transcribe MODEL.d2v RECORDING.wav…
using Data2Vec;
using Data2Vec.Audio;

using Data2VecModel model = Data2VecModel.Load(args[0]);
foreach (string path in args[1..])
{
    Waveform recording = WavFile.Load(path);
    Console.WriteLine(model.Transcribe(recording));
}
