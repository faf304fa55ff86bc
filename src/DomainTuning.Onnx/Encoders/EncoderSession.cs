using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Onnx.Graphs;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DomainTuning.Onnx.Encoders;

/// <summary>
/// An encoder's ONNX graph, loaded. Runs groups of sequences so that each sequence's result is the same as when it runs alone: by one scale a row
/// (<see cref="RowQuantisation"/>), or, where a quantised graph is not understood, by running its sequences one by one. Thread-safe.
/// </summary>
internal sealed class EncoderSession : IDisposable
{
    private static readonly string[] Known = ["input_ids", "attention_mask", "token_type_ids"];

    private readonly InferenceSession session;
    private readonly RunOptions run = new();
    private readonly string[] inputs;
    private readonly string file, output;
    private readonly int batchTokens, padId;

    /// <param name="outputs">Names of the output to read, the best one first.</param>
    /// <param name="rows">Whether to rewrite dynamic quantisation to one scale a row.</param>
    public EncoderSession(string file, IReadOnlyList<string> outputs, int padId, EncoderOptions options, bool rows = true)
    {
        (this.file, this.padId) = (file, padId);
        if (!File.Exists(file)) throw new ModelException($"Expected an ONNX model at '{file}'; there is none. Add the model again: 'domaintuning models add'.");
        try
        {
            var kind = rows ? Prepare(file) : Form.AsShipped(File.ReadAllBytes(file).AsSpan().IndexOf("DynamicQuantizeLinear"u8) >= 0);
            batchTokens = kind.RowsAreIndependent ? options.BatchTokens : 1;
            using var sessionOptions = CreateOptions(options, file);
            session = kind.Rewritten is { } model ? new InferenceSession(model, sessionOptions) : new InferenceSession(file, sessionOptions);
        }
        catch (Exception exception) when (exception is InvalidDataException or OnnxRuntimeException)
        {
            throw new ModelException($"'{file}' cannot be loaded: {exception.Message.Trim()} The file is incomplete or made for another ONNX Runtime. Download it again.", exception);
        }

        inputs = [.. session.InputMetadata.Keys];
        output = outputs.FirstOrDefault(session.OutputMetadata.ContainsKey) ?? throw Refuse(
            $"gives out {string.Join(", ", session.OutputMetadata.Keys)}; expected {string.Join(" or ", outputs)}. Export it again with that output, or name another file.");
        foreach (var (name, input) in session.InputMetadata)
        {
            if (!Known.Contains(name)) throw Refuse($"asks for the input '{name}', which is not known here ({string.Join(", ", Known)} are). Use a model without it.");
            if (input.ElementDataType != TensorElementType.Int64) throw Refuse($"wants '{name}' as {input.ElementDataType}; expected Int64. Export it again with 64-bit ids.");
        }

        var shape = session.OutputMetadata[output];
        if (shape.ElementDataType != TensorElementType.Float) throw Refuse($"gives '{output}' as {shape.ElementDataType}; expected Float. Use the float32 or int8 file of the model.");
        OutputWidth = shape.Dimensions[^1];
        OutputRank = shape.Dimensions.Length;
    }

    /// <summary>Last dimension of the output; -1 where the file leaves it open.</summary>
    public int OutputWidth { get; }

    /// <summary>3 for one vector a token, 2 for one row a sequence.</summary>
    public int OutputRank { get; }

    /// <summary>Runs all sequences, group by group, and hands over each group's indices, its batch and the output. Cancelled between groups.</summary>
    public void Run(IReadOnlyList<TokenSequence> sequences, Action<int[], EncoderBatch, ReadOnlySpan<float>> result, CancellationToken cancellationToken)
    {
        foreach (var group in EncoderBatch.Group(sequences, batchTokens))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var batch = new EncoderBatch([.. group.Select(index => sequences[index])], padId);
            var values = inputs.Select(name => OrtValue.CreateTensorValueFromMemory(
                name switch { "input_ids" => batch.Ids, "attention_mask" => batch.Mask, _ => batch.Types }, [batch.Rows, batch.Width])).ToArray();
            try
            {
                using var outputs = session.Run(run, inputs, values, [output]);
                result(group, batch, outputs[0].GetTensorDataAsSpan<float>());
            }
            catch (OnnxRuntimeException exception)
            {
                throw new ModelException($"'{file}' failed on {batch.Rows} × {batch.Width} tokens: {exception.Message.Trim()} If memory is short, lower BatchTokens; else check max_tokens.", exception);
            }
            finally
            {
                foreach (var value in values) value.Dispose();
            }
        }
    }

    public void Dispose()
    {
        session.Dispose();
        run.Dispose();
    }

    private ModelException Refuse(string what)
    {
        Dispose();
        return new ModelException($"'{file}' {what}");
    }

    /// <summary>What is run, and whether a row of it depends on the rows beside it.</summary>
    private readonly record struct Form(byte[]? Rewritten, bool RowsAreIndependent)
    {
        public static Form AsShipped(bool quantisedDynamically) => new(null, !quantisedDynamically);
    }

    /// <summary>Above 1 GB a file is not read for rewriting: such models are float or quantised in blocks, and are loaded by path.</summary>
    private static Form Prepare(string file)
    {
        if (new FileInfo(file).Length > 1 << 30) return Form.AsShipped(quantisedDynamically: true);
        var model = OnnxModelFile.Read(File.ReadAllBytes(file));
        var quantised = model.Nodes.Exists(node => node.Op is "DynamicQuantizeLinear" or "DynamicQuantizeMatMul" or "DynamicQuantizeLSTM");
        return quantised && RowQuantisation.Apply(model) is { } rewritten ? new Form(rewritten, true) : Form.AsShipped(quantised);
    }

    private static SessionOptions CreateOptions(EncoderOptions options, string file)
    {
        var result = new SessionOptions
        {
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            IntraOpNumThreads = options.Threads,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            EnableMemoryPattern = false, // lengths vary; a pattern a length would be kept for ever
        };
        ByteProducts.Configure(result);
        result.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"); // a chat engine may be decoding beside this
        result.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", Path.GetDirectoryName(Path.GetFullPath(file))!);
        if (options.CudaDevice is { } device)
        {
#if GPU
            result.AppendExecutionProvider_CUDA(device);
#else
            throw new ModelException($"CUDA device {device} was asked for, but this is the CPU build. Build with -p:Gpu=true, or leave CudaDevice unset.");
#endif
        }

        return result;
    }
}
