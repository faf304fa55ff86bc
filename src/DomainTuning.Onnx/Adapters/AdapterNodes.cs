using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// Adds an adapter's inputs and nodes to a decoder graph. Each input is also an initializer that changes nothing (rank 0, scale 1, delta 0), so a graph
/// with nothing bound computes the base exactly. A table has no such default and must be bound.
/// When a token is written, each node costs more than its few products, so nodes are saved: where a linear layer has a low-rank update the graph keeps its
/// tokens in two dimensions, [tokens, width], and one Gemm multiplies by B and adds the base's result.
/// </summary>
internal sealed class AdapterNodes(OnnxGraph graph, AdapterParts parts)
{
    /// <summary>Whether tokens lie in two dimensions between the layers.</summary>
    public bool Flat => Enumerable.Range(0, (int)AdapterSite.Embedding).Any(site => parts.Has((AdapterSite)site, AdapterChange.LowRank));

    /// <summary>Adds what the adapter changes in a linear layer, before the base's own bias, and returns the name of the result.</summary>
    /// <param name="x">Name of the layer's input [..., columns]; [tokens, columns] where it has a low-rank update.</param>
    /// <param name="y">Name of its output, with as many dimensions.</param>
    public string Add(AdapterSite site, string linear, string x, string y, int rows, int columns)
    {
        if (parts.Has(site, AdapterChange.LowRank))
        {
            var product = graph.Node("MatMul", [x, Input(AdapterParts.A(linear), columns, 0)], linear + ".low");
            y = graph.Node("Gemm", [product, Input(AdapterParts.B(linear), 0, rows), y], linear + ".adapted");
        }

        if (parts.Has(site, AdapterChange.RowScale)) y = graph.Node("Mul", [y, Input(AdapterParts.Input(linear, AdapterChange.RowScale), 1f)], linear + ".scaled");
        if (parts.Has(site, AdapterChange.Bias)) y = graph.Node("Add", [y, Input(AdapterParts.Input(linear, AdapterChange.Bias), 0f)], linear + ".shifted");
        return y;
    }

    /// <summary>The look-up of ids in a replaced embedding [batch, time, hidden], or null where the base's own is used.</summary>
    public string? LookUp(string ids, int rows, int columns) =>
        parts.Has(AdapterSite.Embedding, AdapterChange.Table) ? graph.Node("Gather", [Table(AdapterSite.Embedding, rows, columns), ids], "embedded.adapter") : null;

    /// <summary>Adds the update of an embedding: A's rows are looked up where a linear layer multiplies.</summary>
    public string AddToEmbedding(string ids, string embedded, int vocabulary, int hidden)
    {
        if (!parts.Has(AdapterSite.Embedding, AdapterChange.LowRank)) return embedded;
        var linear = AdapterParts.Name(AdapterSite.Embedding, 0);
        var product = graph.Node("Gather", [Input(AdapterParts.A(linear), vocabulary, 0), ids], linear + ".low"); // [batch, time, rank]
        graph.Node("MatMul", [product, Input(AdapterParts.B(linear), 0, hidden)], linear + ".update");
        return graph.Node("Add", [embedded, linear + ".update"], linear + ".adapted");
    }

    public bool ChangesHead => Enum.GetValues<AdapterChange>().Any(change => parts.Has(AdapterSite.Head, change));

    /// <summary>The product of x [n, hidden] with the output matrix, replaced or updated.</summary>
    /// <param name="product">Adds the base's own.</param>
    public string AddHead(string x, int rows, int columns, Func<string> product)
    {
        var y = parts.Has(AdapterSite.Head, AdapterChange.Table) ? graph.Node("Gemm", [x, Table(AdapterSite.Head, rows, columns)], "output.adapter", "", ("transB", 1)) : product();
        return Add(AdapterSite.Head, AdapterParts.Name(AdapterSite.Head, 0), x, y, rows, columns);
    }

    private string Table(AdapterSite site, int rows, int columns)
    {
        var name = AdapterParts.Input(AdapterParts.Name(site, 0), AdapterChange.Table);
        graph.Input(name, OnnxType.Float, rows, columns);
        return name;
    }

    /// <summary>A matrix of which one side is the rank, and 0 by default.</summary>
    private string Input(string name, int rows, int columns)
    {
        graph.Input(name, OnnxType.Float, rows == 0 ? name + ".rank" : rows, columns == 0 ? name + ".rank" : columns);
        return graph.Constant<float>(name, [rows, columns], []);
    }

    private string Input(string name, float neutral)
    {
        graph.Input(name, OnnxType.Float, name + ".rows");
        return graph.Constant(name, [1], [neutral]);
    }
}
