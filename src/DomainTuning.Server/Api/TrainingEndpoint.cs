using DomainTuning.Corpora;
using DomainTuning.Training;

namespace DomainTuning.Server.Api;

/// <summary>GET /v1/training: the trainings of this workspace, the newest first, each with the last thing that it said. Read anew at every request.</summary>
internal static class TrainingEndpoint
{
    public static void MapTraining(this WebApplication app, Workspace workspace) => app.MapGet("/v1/training", () => Results.Content(
        $"{{\"object\":\"list\",\"data\":[{string.Join(',', TrainingFolder.List(workspace.RunsFolder).Select(Entry))}]}}", "application/json"));

    private static string Entry(TrainingFolder run) =>
        $"{{\"run\":{System.Text.Json.JsonSerializer.Serialize(run.Name)},\"at_work\":{(run.IsAtWork() ? "true" : "false")},\"progress\":{(run.Last() is { } last ? TrainingJson.Write(last) : "null")}}}";
}
