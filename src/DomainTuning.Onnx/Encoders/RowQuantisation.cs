using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Encoders;

/// <summary>
/// Rewrites a dynamically quantised encoder so that each token's activations get a scale of their own. The usual int8 export has one scale a
/// tensor (DynamicQuantizeLinear), so a text's vector changes with whatever else is in the batch; with one scale a row it does not, and it
/// comes closer to the float model.
/// <code>
/// x ─► DynamicQuantizeLinear ─► MatMulInteger(W) ─► Cast ─► Mul(scale · scale of W) ─► y
/// x ─► Abs ─► ReduceMax(row) = m;   x/m ─► QuantizeLinear(1/127) ─► MatMulIntegerToFloat(W) ─► Mul(m) ─► y
/// </code>
/// The division by m keeps the kernel's own scale a constant: MatMulIntegerToFloat reads only the first element of it.
/// </summary>
internal static class RowQuantisation
{
    private const string Prefix = "domaintuning_row_";
    private const string Step = Prefix + "step", Zero = Prefix + "zero", Least = Prefix + "least", LastAxis = Prefix + "last_axis";

    /// <summary>One product of quantised activations: the three nodes that become one.</summary>
    private sealed record Product(OnnxNode Multiply, OnnxNode Cast, OnnxNode Scale, string WeightScale);

    /// <summary>The rewritten model, or null when nothing in it is quantised dynamically or a part of that has another shape than expected.</summary>
    public static byte[]? Apply(OnnxModelFile model)
    {
        var consumers = model.Nodes.SelectMany(node => node.Inputs.Distinct().Select(input => (input, node)))
            .ToLookup(pair => pair.input, pair => pair.node, StringComparer.Ordinal);
        var replacement = new Dictionary<OnnxNode, OnnxNode[]>(ReferenceEqualityComparer.Instance);
        foreach (var quantise in model.Nodes.Where(node => node.Op == "DynamicQuantizeLinear"))
        {
            if (Products(model, consumers, quantise) is not { } products) return null;
            replacement[quantise] = Quantise(model, quantise);
            foreach (var product in products)
            {
                replacement[product.Multiply] = [];
                replacement[product.Cast] = [];
                replacement[product.Scale] = Multiply(quantise, product);
                // The node that multiplied the two scales; several products may share it.
                foreach (var node in consumers[quantise.Outputs[1]]) replacement[node] = [];
            }
        }

        if (replacement.Count == 0) return null;
        var nodes = model.Nodes.SelectMany(node => replacement.GetValueOrDefault(node, [node])).ToArray();
        model.Nodes.Clear();
        model.Nodes.AddRange(nodes);
        return model.ToArray(
        [
            Constant(Step, OnnxType.Float, [], BitConverter.GetBytes(1f / 127)),
            Constant(Zero, OnnxType.UInt8, [], [128]),
            Constant(Least, OnnxType.Float, [], BitConverter.GetBytes(1e-30f)),
            Constant(LastAxis, OnnxType.Int64, [1], BitConverter.GetBytes(-1L)),
        ]);
    }

    /// <summary>All products that read the node's outputs, or null when anything else reads them.</summary>
    private static List<Product>? Products(OnnxModelFile model, ILookup<string, OnnxNode> consumers, OnnxNode quantise)
    {
        if (quantise.Outputs.Length != 3 || quantise.Outputs.Any(model.Outputs.Contains)) return null;
        var (values, scale, zero) = (quantise.Outputs[0], quantise.Outputs[1], quantise.Outputs[2]);
        var products = new List<Product>();
        foreach (var multiply in consumers[values])
        {
            if (multiply.Op != "MatMulInteger" || multiply.Inputs is not [var a, var w, var aZero, ..] || a != values || aZero != zero || !model.Constants.Contains(w)) return null;
            if (Only(multiply) is not { Op: "Cast" } cast || Only(cast) is not { Op: "Mul", Inputs.Length: 2 } rescale) return null;
            var factor = rescale.Inputs[0] == cast.Outputs[0] ? rescale.Inputs[1] : rescale.Inputs[0];
            if (model.Outputs.Contains(factor)) return null;
            var scales = consumers[scale].FirstOrDefault(node => node.Outputs is [var output] && output == factor);
            if (scales is not { Op: "Mul", Inputs.Length: 2 } || consumers[factor].Count() != 1) return null;
            var weightScale = scales.Inputs[0] == scale ? scales.Inputs[1] : scales.Inputs[0];
            if (!model.Constants.Contains(weightScale)) return null;
            products.Add(new Product(multiply, cast, rescale, weightScale));
        }

        var known = products.Count > 0 && consumers[zero].Count() == products.Count && consumers[scale].Count() == products.Count;
        return known ? products : null;

        OnnxNode? Only(OnnxNode node) =>
            node.Outputs is [var output] && !model.Outputs.Contains(output) && consumers[output].ToArray() is [var consumer] ? consumer : null;
    }

    private static OnnxNode[] Quantise(OnnxModelFile model, OnnxNode quantise)
    {
        var (x, values) = (quantise.Inputs[0], quantise.Outputs[0]);
        var (magnitude, largest, divisor, ratio) = (values + "_abs", values + "_max", Largest(quantise), values + "_ratio");
        // ReduceMax took its axes as an attribute before opset 18.
        var reduce = model.Opset < 18
            ? Node("ReduceMax", [magnitude], largest, "", message => message.Message(5, Ints("axes", -1)).Message(5, Int("keepdims", 1)))
            : Node("ReduceMax", [magnitude, LastAxis], largest, "", message => message.Message(5, Int("keepdims", 1)));
        return
        [
            Node("Abs", [x], magnitude),
            reduce,
            Node("Max", [largest, Least], divisor), // a row of zeros
            Node("Div", [x, divisor], ratio),
            Node("QuantizeLinear", [ratio, Step, Zero], values),
        ];
    }

    private static OnnxNode[] Multiply(OnnxNode quantise, Product product)
    {
        var unscaled = product.Scale.Outputs[0] + "_unscaled";
        string[] weightZero = product.Multiply.Inputs.Length > 3 ? [product.Multiply.Inputs[3]] : [];
        return
        [
            Node("MatMulIntegerToFloat", [quantise.Outputs[0], product.Multiply.Inputs[1], Step, product.WeightScale, Zero, .. weightZero], unscaled, OnnxGraph.Microsoft),
            Node("Mul", [unscaled, Largest(quantise)], product.Scale.Outputs[0]),
        ];
    }

    private static string Largest(OnnxNode quantise) => quantise.Outputs[0] + "_row_max";

    private static OnnxNode Node(string op, string[] inputs, string output, string domain = "", Action<ProtoMessage>? attributes = null)
    {
        using var node = new ProtoMessage();
        foreach (var input in inputs) node.Text(1, input);
        node.Text(2, output).Text(3, Prefix + output).Text(4, op);
        attributes?.Invoke(node);
        if (domain.Length > 0) node.Text(7, domain);
        return new OnnxNode(op, inputs, [output], node.ToArray());
    }

    private static ProtoMessage Int(string name, long value) => new ProtoMessage().Text(1, name).Int(3, value).Int(20, 2);

    private static ProtoMessage Ints(string name, long value) => new ProtoMessage().Text(1, name).Int(8, value).Int(20, 7);

    private static byte[] Constant(string name, OnnxType type, long[] shape, byte[] raw)
    {
        using var tensor = new ProtoMessage();
        foreach (var size in shape) tensor.Int(1, size);
        return tensor.Int(2, (int)type).Text(8, name).Bytes(9, raw).ToArray();
    }
}
