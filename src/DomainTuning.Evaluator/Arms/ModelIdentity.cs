using System.Security.Cryptography;
using DomainTuning.Adapters;
using DomainTuning.Arms;
using DomainTuning.Evaluator.Runs;
using Microsoft.Extensions.AI;

namespace DomainTuning.Evaluator.Arms;

/// <summary>All of a chat model that decides what it answers: the checkpoint's files or the server, the adapter's weights, the build of the program that runs it.</summary>
internal static class ModelIdentity
{
    /// <param name="id">In the library.</param>
    /// <param name="model">Null where no engine of this program takes part.</param>
    public static string Of(ArmCatalog catalog, string id, AdapterPlace? adapter = null, IChatClient? model = null)
    {
        var card = catalog.ChatCard(id) ?? throw new UnknownArmException($"There is no chat model '{id}'. `domaintuning models list` shows what there is.");
        var where = card.Endpoint is { } elsewhere ? $"{elsewhere.Url} {elsewhere.Model}" : string.Join(' ', card.Files.Select(file => file.Sha256 ?? $"{file.Path} {file.Bytes}"));
        var with = adapter is null ? "" : $"; adapter {adapter.Name} {HashOf(adapter)}";
        return $"{id} {where}{with}; {(model is null ? "" : ProgramIdentity.Of(model.GetType()))}";
    }

    /// <summary>Where an arm's adapter lies; null for one without, and for one on another server.</summary>
    public static AdapterPlace? PlaceOf(ArmCatalog catalog, DomainTuning.Answering.ArmId arm) =>
        arm.Adapter is null || catalog.ChatCard(arm.Model) is { Endpoint: not null } ? null : catalog.Adapters(arm.Model).Find(arm.Adapter);

    /// <summary>Of the adapter's weights, so that a retrained one answers anew.</summary>
    private static string HashOf(AdapterPlace adapter)
    {
        using var stream = File.OpenRead(adapter.IsOnnxFile ? adapter.Path : Path.Combine(adapter.Path, "adapter_model.safetensors"));
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
