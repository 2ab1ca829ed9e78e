using Data2Vec.Text;

namespace Data2Vec.Server.Requests;

/// <summary>The inputs of a request in the form that its model takes.</summary>
internal static class ModelInputs
{
    /// <summary>The names of the fields that say how texts are handled.</summary>
    public const string PromptName = "prompt_name", LongTexts = "long_texts", Modality = "modality";

    private const string Message = "must be a text, several texts, token ids, or several lists of token ids";

    /// <summary>Requires that the kind of inputs that a request names is the model's.</summary>
    public static void RequireModality(RequestJson request, Data2VecModel model, string id)
    {
        string own = model.Modality switch
        {
            Data2Vec.Modality.Text => "text",
            Data2Vec.Modality.Speech => "audio",
            _ => "image",
        };
        if (request.Choice(Modality, "text", "audio", "image") is { } wanted && wanted != own)
        {
            throw RequestException.Bad($"'{Modality}' is '{wanted}', and model '{id}' takes {own}", Modality);
        }
    }

    /// <summary>How long texts are handled; null for the model's way.</summary>
    public static LongTextPolicy? LongTextsOf(RequestJson request, Data2VecModel model)
    {
        string? policy = request.Choice(LongTexts, "chunk", "truncate", "error");
        RequireTexts(policy, LongTexts, model);
        return policy switch
        {
            "chunk" => LongTextPolicy.Chunk,
            "truncate" => LongTextPolicy.Truncate,
            "error" => LongTextPolicy.Error,
            _ => null,
        };
    }

    /// <summary>Which of the model's prompts is put before texts; null for the model's way.</summary>
    public static string? PromptOf(RequestJson request, Data2VecModel model)
    {
        string? name = request.Text(PromptName);
        RequireTexts(name, PromptName, model);
        return name;
    }

    /// <summary>The texts of a field; null if it has token ids.</summary>
    public static string[]? Texts(JsonElement input, string name, ServerLimits limits)
    {
        if (input.ValueKind != JsonValueKind.String && !(input.ValueKind == JsonValueKind.Array && (input.GetArrayLength() == 0 || input[0].ValueKind == JsonValueKind.String)))
        {
            return null;
        }

        string[] texts = RequestJson.Texts(input, name, limits);
        long characters = texts.Sum(text => (long)text.Length);
        return characters <= limits.MaxCharacters ? texts
            : throw RequestException.TooLarge($"'{name}' has {characters} characters; the limit is {limits.MaxCharacters}", name);
    }

    /// <summary>The token ids of a text, or of each of several.</summary>
    public static ReadOnlyMemory<int>[] Tokens(JsonElement input, string name, ServerLimits limits)
    {
        if (input.ValueKind != JsonValueKind.Array)
        {
            throw RequestException.Bad($"'{name}' {Message}", name);
        }

        long left = limits.MaxTokens;
        return input[0].ValueKind == JsonValueKind.Array ? [.. RequestJson.Elements(input, name, limits).Select(Ids)] : [Ids(input)];

        ReadOnlyMemory<int> Ids(JsonElement list)
        {
            if (list.ValueKind != JsonValueKind.Array)
            {
                throw RequestException.Bad($"'{name}' {Message}", name);
            }

            int count = list.GetArrayLength();
            left -= count;
            return count == 0 ? throw RequestException.Bad($"'{name}' has an empty list of token ids", name)
                : left < 0 ? throw RequestException.TooLarge($"'{name}' has more than {limits.MaxTokens} tokens", name)
                : list.EnumerateArray().Select(element => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int id) ? id
                    : throw RequestException.Bad($"'{name}' {Message}", name)).ToArray();
        }
    }

    private static void RequireTexts(string? value, string name, Data2VecModel model)
    {
        if (value is not null && model is not TextModel)
        {
            throw RequestException.Bad($"'{name}' is for texts", name);
        }
    }
}
