namespace Data2Vec.Cli;

/// <summary>A source of inputs: a file, or texts of the command line. It is opened when its turn comes, so that few inputs are in memory.</summary>
/// <param name="Name">The name in messages.</param>
/// <param name="Form">The form of the inputs; for a file what its name tells, null if it tells nothing.</param>
/// <param name="Read">Reads the inputs. One that is bad throws.</param>
internal sealed record InputSource(string Name, InputForm? Form, Func<IEnumerable<ModelInput>> Read);
