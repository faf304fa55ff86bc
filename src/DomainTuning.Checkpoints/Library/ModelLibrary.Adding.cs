namespace DomainTuning.Checkpoints.Library;

/// <summary>Adding a model: survey, refuse or gather the files in a folder of its own, check, write the card, and only then give the folder its name.</summary>
public sealed partial class ModelLibrary
{
    /// <summary>Left free on the disk: a full one breaks more than this download.</summary>
    private const long SpareBytes = 64L << 20;

    /// <summary>Enough for all metadata of a GGUF file up to its vocabulary.</summary>
    private const int PeekBytes = 1 << 18;

    /// <summary>The largest published tokenizer.json has 34 MB.</summary>
    private const int LargestTokenizer = 128 << 20;

    /// <summary>A question, its passages and the answer, in tokens.</summary>
    private const int UsefulContext = 2048;

    /// <summary>Adds a model. What cannot run here is refused before anything large is fetched. Cancelled or broken off, it goes on where it stopped when called again.</summary>
    /// <param name="source">A Hugging Face id ("owner/name", "owner/name@revision", "owner/name:file"), a local folder, or a .gguf file.</param>
    /// <returns>The card of the new model.</returns>
    /// <exception cref="CheckpointException">It cannot be had or cannot run here, or the id is taken.</exception>
    public async Task<ModelCard> AddAsync(
        string source, AddModelOptions? options = null, IProgress<AddProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new AddModelOptions();
        using var http = _handler is null ? new HttpClient() : new HttpClient(_handler, disposeHandler: false);
        http.Timeout = Timeout.InfiniteTimeSpan; // the source watches for stalls; a large file may take hours
        var origin = Resolve(source, ref options, http);
        var listing = await origin.ListAsync(cancellationToken).ConfigureAwait(false);
        var survey = ReadShippedCard(source, listing, options) ?? ModelSurvey.Examine(listing, options);
        RefuseTakenId(survey.Card.Id);
        if (survey.Card.Kind == ModelKind.Chat) RefuseLackOfMemory(survey.Card.Id, await JudgeAsync(origin, listing, survey, cancellationToken).ConfigureAwait(false));

        var gathering = Path.Combine(Folder, $"{survey.Card.Id}@{origin.StateTag}{PartialSuffix}");
        var worthKeeping = origin is HubSource; // a download goes on where it stopped; copying again costs little
        var complete = false;
        try
        {
            Directory.CreateDirectory(gathering);
            RefuseFullDisk(survey, gathering);
            await GatherAsync(origin, survey, gathering, progress, cancellationToken).ConfigureAwait(false);
            complete = true;
            return await FinishAsync(survey, gathering, cancellationToken).ConfigureAwait(false);
        }
        catch (CheckpointException) when (complete)
        {
            worthKeeping = false; // it is all there, and it is no good
            throw;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"'{survey.Card.Id}' cannot be written to '{Folder}' ({error.Message.TrimEnd('.')}). Make room or correct the folder's permissions, and run the command again.", error);
        }
        finally
        {
            if (Directory.Exists(gathering) && !(worthKeeping && Directory.EnumerateFileSystemEntries(gathering).Any()))
                Directory.Delete(gathering, recursive: true);
        }
    }

    /// <summary>Refuses a chat model whose weights or tokenizer cannot be used, from a few kilobytes of a GGUF file or from the small files beside safetensors.</summary>
    private static async Task<ChatDimensions?> JudgeAsync(ModelSource origin, RepositoryListing listing, SurveyedModel survey, CancellationToken cancellationToken)
    {
        if (survey.Files[0].Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            var beginning = await origin.PeekAsync(survey.Files[0], PeekBytes, cancellationToken).ConfigureAwait(false);
            var metadata = Weights.GgufFile.Peek(beginning, $"{survey.Files[0].Path} of {listing.Name}");
            ChatSurvey.RefuseUnsupported(metadata);
            return ChatDimensions.FromGguf(metadata);
        }

        if (survey.Files.FirstOrDefault(file => Chats.FolderChat.TokenizerFiles.Contains(file.Path)) is { } tokenizer)
        {
            if (tokenizer.Bytes is 0 or > LargestTokenizer)
                throw new CheckpointException($"{listing.Where}: {tokenizer.Path} has {ByteSize.Show(tokenizer.Bytes)}; a tokenizer has between 1 and {LargestTokenizer} bytes. Choose another repository of the model.");
            var content = await origin.PeekAsync(tokenizer, (int)tokenizer.Bytes, cancellationToken).ConfigureAwait(false);
            Chats.FolderChat.ReadTokenizer($"{tokenizer.Path} of {listing.Name}", content, listing.Json("tokenizer_config.json"));
        }
        return listing.Json("config.json") is { } config ? ChatDimensions.FromConfig(config) : null;
    }

    /// <summary>Refuses a model that could not answer one question over a few passages here, and says what could.</summary>
    private void RefuseLackOfMemory(string id, ChatDimensions? model)
    {
        if (model is null) return;
        var available = AvailableMemory();
        var need = MemoryNeed.Of(model, UsefulContext, requests: 1);
        if (need.Bytes <= available) return;
        var longest = need.LargestContext(available);
        var cache = need.CacheBytesPerToken * need.ContextTokens;
        var fitting = (available - MemoryNeed.OtherBytes - cache) / MemoryNeed.NibbleBlocks / 1e9;
        throw new CheckpointException(string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"'{id}' needs {ByteSize.Show(need.Bytes)} of memory ({model.Parameters / 1e9:0.0} billion weights: {ByteSize.Show(need.WeightBytes)}; {need.ContextTokens} tokens of context: {ByteSize.Show(cache)}), but this machine has {ByteSize.Show(available)}. {(longest >= 256 ? $"It would fit with a context of {longest} tokens, too few for answers from documents" : "No context is small enough for it")}; {(fitting > 0.05 ? $"choose a 4-bit GGUF file of up to {fitting:0.0} billion weights" : "use a machine with more memory")}."));
    }

    private static ModelSource Resolve(string source, ref AddModelOptions options, HttpClient http)
    {
        if (Directory.Exists(source) || (File.Exists(source) && source.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))) return new FolderSource(source);
        if (File.Exists(source))
            throw new CheckpointException($"'{source}' is a file but not a .gguf file. Name a .gguf file, or the folder that holds config.json, tokenizer.json and the safetensors or ONNX files.");
        var reference = HubSource.Reference().Match(source);
        if (!reference.Success || (source.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && !reference.Groups["file"].Success))
            throw new CheckpointException($"'{source}' is no existing folder or .gguf file, and no Hugging Face id either (owner/name, owner/name@revision or owner/name:file). Check the path or the name.");
        if (options.Offline)
            throw new CheckpointException($"'{source}' would be fetched from the network, which --offline forbids. Leave --offline out, or add the model from a local folder or .gguf file.");
        if (reference.Groups["file"].Success) options = options with { File = reference.Groups["file"].Value };
        return new HubSource(http, Endpoint(options), reference.Groups["id"].Value, reference.Groups["revision"] is { Success: true } revision ? revision.Value : null, options);
    }

    private static Uri Endpoint(AddModelOptions options)
    {
        if (options.Endpoint is { } given) return new Uri(given.AbsoluteUri.TrimEnd('/') + "/");
        var variable = Environment.GetEnvironmentVariable("HF_ENDPOINT");
        if (string.IsNullOrWhiteSpace(variable)) return new Uri("https://huggingface.co/");
        return Uri.TryCreate(variable.Trim().TrimEnd('/') + "/", UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https"
            ? endpoint
            : throw new CheckpointException($"HF_ENDPOINT is '{variable}', which is no http(s) address. Correct it, or unset it to use https://huggingface.co.");
    }

    /// <summary>A local folder that already has our card is taken as its card says; options that name a property win.</summary>
    private static SurveyedModel? ReadShippedCard(string source, RepositoryListing listing, AddModelOptions options)
    {
        if (!Directory.Exists(source) || !File.Exists(Path.Combine(source, CardFile.Name))) return null;
        var card = CardFile.Read(source);
        card = card with
        {
            Id = options.Id ?? card.Id,
            Pooling = options.Pooling ?? card.Pooling,
            Normalise = options.Normalise ?? card.Normalise,
            QueryPrefix = options.QueryPrefix ?? card.QueryPrefix,
            PassagePrefix = options.PassagePrefix ?? card.PassagePrefix,
            MaxTokens = options.MaxTokens ?? card.MaxTokens,
        };
        if (!ModelPaths.IsId(card.Id)) throw new CheckpointException($"{listing.Where}: card.json calls the model '{card.Id}', which is no id (lower-case letters, digits, '.', '_', '-'). Choose one with --id.");
        ModelFile[] weightsFirst = [card.Weights, .. card.Files.Where(file => file.Path != card.Weights.Path)];
        var files = weightsFirst.Select(file => listing.File(file.Path) is { } offered
            ? offered with { Sha256 = file.Sha256 }
            : throw new CheckpointException($"{listing.Where} lacks the file {file.Path}, which its card.json lists. Complete the folder or correct the card."));
        var licences = listing.Files.Where(file => ChatSurvey.IsLicence(file.Path) && card.Files.All(listed => listed.Path != file.Path));
        return new SurveyedModel(card, [.. files, .. licences]);
    }

    private void RefuseTakenId(string id)
    {
        if (Directory.Exists(Path.Combine(Folder, id)))
            throw new CheckpointException($"There is a model '{id}' in '{Folder}' already. Remove it with 'domaintuning models remove {id}', or add this one under another name with --id.");
    }

    private void RefuseFullDisk(SurveyedModel survey, string gathering)
    {
        var needed = survey.Files.Sum(file => file.Bytes - Math.Min(file.Bytes, PresentBytes(Target(gathering, file))));
        var free = FreeBytes(gathering);
        if (needed > free - SpareBytes)
            throw new CheckpointException(
                $"Adding '{survey.Card.Id}' needs {ByteSize.Show(needed)} in '{Folder}', but the disk has {ByteSize.Show(free)} left, of which {ByteSize.Show(SpareBytes)} stay free. Make room or choose a smaller file.");
    }

    private static async Task GatherAsync(ModelSource origin, SurveyedModel survey, string gathering, IProgress<AddProgress>? progress, CancellationToken cancellationToken)
    {
        var total = survey.Files.Sum(file => file.Bytes);
        var done = 0L;
        foreach (var file in survey.Files)
        {
            var path = Target(gathering, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var before = done;
            if (!File.Exists(path) || new FileInfo(path).Length != file.Bytes)
                await origin.FetchAsync(file, path, bytes => progress?.Report(new AddProgress(file.Path, before + bytes, total)), cancellationToken).ConfigureAwait(false);
            done += file.Bytes;
            progress?.Report(new AddProgress(file.Path, done, total));
        }
    }

    private async Task<ModelCard> FinishAsync(SurveyedModel survey, string gathering, CancellationToken cancellationToken)
    {
        var files = new List<ModelFile>();
        foreach (var file in survey.Files)
        {
            var path = Target(gathering, file);
            var sha256 = await FileHash.Sha256Async(path, cancellationToken).ConfigureAwait(false);
            if (file.Sha256 is { } expected && sha256 != expected)
            {
                File.Delete(path);
                throw new CheckpointException($"'{file.Path}' has the SHA-256 {sha256}, but {expected} is expected: the file is damaged. Fetch it again.");
            }

            files.Add(new ModelFile(file.Path, sha256, new FileInfo(path).Length));
        }

        var card = survey.Card with { Files = files, Folder = gathering };
        if (card.Kind == ModelKind.Chat) card = CompleteChat(card);
        CardFile.Write(card, gathering);
        var folder = Path.Combine(Folder, card.Id);
        RefuseTakenId(card.Id);
        Directory.Move(gathering, folder);
        return card with { Folder = folder };
    }

    private static string Target(string gathering, OfferedFile file) => Path.Combine([gathering, .. file.Path.Split('/')]);

    private static long PresentBytes(string path) =>
        File.Exists(path) ? new FileInfo(path).Length : File.Exists(path + ".part") ? new FileInfo(path + ".part").Length : 0;
}
