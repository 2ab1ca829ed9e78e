// Transcribes recordings, as a single native executable. Native code targets one instruction set; without a choice it has 128-bit vectors only.
//   dotnet publish -c Release -p:IlcInstructionSet=native        (or x86-64-v4 for AVX-512, x86-64-v3 for AVX2)
//   transcribe MODEL.d2v RECORDING.wav…
using Data2Vec;
using Data2Vec.Audio;

using SpeechModel model = Data2VecModel.Load<SpeechModel>(args[0]);
foreach (string path in args[1..])
{
    Console.WriteLine(model.Transcribe(AudioFile.Load(path)));
}
