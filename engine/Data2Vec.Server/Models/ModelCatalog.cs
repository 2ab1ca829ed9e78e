using Data2Vec.Server.Requests;

namespace Data2Vec.Server.Models;

/// <summary>The served models.</summary>
internal sealed class ModelCatalog : IDisposable
{
    private readonly Dictionary<string, ServedModel> _models;

    public ModelCatalog(Data2VecServerOptions options)
    {
        options.Validate();
        _models = options.Models.ToDictionary(model => model.Key, model => new ServedModel(model.Key, model.Value, options), StringComparer.Ordinal);
    }

    public IReadOnlyCollection<ServedModel> All => _models.Values;

    /// <summary>Whether all models were loaded. It stays true.</summary>
    public bool IsStarted => _models.Values.All(model => model.Created != default);

    /// <summary>Whether the server has been told to stop.</summary>
    public bool IsStopping { get; set; }

    /// <summary>A model that can answer.</summary>
    /// <exception cref="RequestException">There is no such model, or it is loading.</exception>
    public ServedModel Get(string id)
    {
        if (!_models.TryGetValue(id, out ServedModel? model))
        {
            throw new RequestException(StatusCodes.Status404NotFound, $"there is no model '{RequestException.Shorten(id)}'; this server has {string.Join(", ", _models.Keys.Select(name => $"'{name}'"))}", "model")
            {
                Code = "model_not_found",
            };
        }

        return model.IsReady ? model : throw new RequestException(StatusCodes.Status503ServiceUnavailable, $"model '{id}' is being loaded", "model")
        {
            Code = "model_loading",
            RetryAfter = TimeSpan.FromSeconds(5),
        };
    }

    /// <summary>A model of a kind, for a task.</summary>
    /// <typeparam name="TModel">The kind.</typeparam>
    /// <param name="id">The id.</param>
    /// <param name="task">What is asked of it, for the message.</param>
    public (ServedModel Served, TModel Model) Get<TModel>(string id, string task)
        where TModel : Data2VecModel
    {
        ServedModel served = Get(id);
        return served.Encoder is TModel model ? (served, model) : throw WrongTask(served, task);
    }

    /// <summary>The error of a model that is asked for what it cannot do.</summary>
    public RequestException WrongTask(ServedModel model, string task)
    {
        string[] others = [.. All.Where(other => other != model && other.IsReady && other.Tasks.Contains(task)).Select(other => $"'{other.Id}'")];
        return new RequestException(
            StatusCodes.Status400BadRequest,
            $"model '{model.Id}' is for {string.Join(", ", model.Tasks)}, not for {task}{(others.Length > 0 ? $"; {string.Join(", ", others)} {(others.Length == 1 ? "is" : "are")}" : "")}",
            "model");
    }

    public void Dispose()
    {
        foreach (ServedModel model in All)
        {
            model.Dispose();
        }
    }
}
