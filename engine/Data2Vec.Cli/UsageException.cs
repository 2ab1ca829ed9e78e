namespace Data2Vec.Cli;

/// <summary>The command line asks for what cannot be; the message says what can.</summary>
internal sealed class UsageException(string message) : Exception(message);
