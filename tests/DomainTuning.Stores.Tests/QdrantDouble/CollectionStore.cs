using Grpc.Core;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Tests.QdrantDouble;

/// <summary>The collections and their aliases.</summary>
internal sealed class CollectionStore
{
    private readonly SortedDictionary<string, PointStore> collections = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> aliases = new(StringComparer.Ordinal);

    /// <summary>By its own name or an alias.</summary>
    public PointStore On(string name) => collections.GetValueOrDefault(aliases.GetValueOrDefault(name, name))
        ?? throw new RpcException(new Status(StatusCode.NotFound, $"Not found: Collection `{name}` doesn't exist!"));

    public int Points(string name)
    {
        lock (this) return On(name).Points;
    }

    public CollectionExistsResponse Exists(CollectionExistsRequest request) =>
        new() { Result = new CollectionExists { Exists = collections.ContainsKey(aliases.GetValueOrDefault(request.CollectionName, request.CollectionName)) } };

    public CollectionOperationResponse Create(CreateCollection request)
    {
        if (collections.ContainsKey(request.CollectionName) || aliases.ContainsKey(request.CollectionName))
            throw new RpcException(new Status(StatusCode.AlreadyExists, $"Wrong input: Collection `{request.CollectionName}` already exists!"));
        collections[request.CollectionName] = new PointStore(request);
        return new CollectionOperationResponse { Result = true };
    }

    public CollectionOperationResponse Update(UpdateCollection request)
    {
        On(request.CollectionName).Strict = request.StrictModeConfig;
        return new CollectionOperationResponse { Result = true };
    }

    public CollectionOperationResponse Delete(DeleteCollection request)
    {
        foreach (var alias in aliases.Where(alias => alias.Value == request.CollectionName).Select(alias => alias.Key).ToList()) aliases.Remove(alias);
        return new CollectionOperationResponse { Result = collections.Remove(request.CollectionName) };
    }

    public GetCollectionInfoResponse Get(GetCollectionInfoRequest request) => new() { Result = On(request.CollectionName).Info() };

    public ListCollectionsResponse List(ListCollectionsRequest request)
    {
        var answer = new ListCollectionsResponse();
        answer.Collections.AddRange(collections.Keys.Select(name => new CollectionDescription { Name = name }));
        return answer;
    }

    public CollectionOperationResponse ChangeAliases(ChangeAliases request)
    {
        foreach (var action in request.Actions)
            switch (action.ActionCase)
            {
                case AliasOperations.ActionOneofCase.CreateAlias:
                    if (collections.ContainsKey(action.CreateAlias.AliasName))
                        throw new RpcException(new Status(StatusCode.AlreadyExists, $"Wrong input: Collection with name `{action.CreateAlias.AliasName}` already exists"));
                    On(action.CreateAlias.CollectionName);
                    aliases[action.CreateAlias.AliasName] = action.CreateAlias.CollectionName;
                    break;
                case AliasOperations.ActionOneofCase.DeleteAlias:
                    aliases.Remove(action.DeleteAlias.AliasName);
                    break;
                case AliasOperations.ActionOneofCase.RenameAlias:
                    aliases.Remove(action.RenameAlias.OldAliasName, out var target);
                    aliases[action.RenameAlias.NewAliasName] = target!;
                    break;
            }

        return new CollectionOperationResponse { Result = true };
    }

    public ListAliasesResponse ListAliases(ListAliasesRequest request)
    {
        var answer = new ListAliasesResponse();
        answer.Aliases.AddRange(aliases.Select(alias => new AliasDescription { AliasName = alias.Key, CollectionName = alias.Value }));
        return answer;
    }
}
