using System.Text.Json.Serialization;

namespace DomainTuning.Server.Api;

/// <summary>An error in OpenAI's shape.</summary>
internal sealed record ErrorBody(ErrorDetail Error);

internal sealed record ErrorDetail(string Message, string Type, string? Param, string? Code);

/// <summary>A request that cannot be served as asked; becomes a status and an <see cref="ErrorBody"/>.</summary>
internal sealed class ApiException(int status, string message, string? parameter = null, string? code = null) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>When it may be worth while to try again; null: not by waiting.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public ErrorBody Body => new(new ErrorDetail(Message, Type, parameter, code));

    private string Type => Status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    public static ApiException BadRequest(string message, string? parameter = null) => new(400, message, parameter);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
[JsonSerializable(typeof(ErrorBody))]
internal sealed partial class ErrorJson : JsonSerializerContext;
