using DomainTuning.Answering;
using DomainTuning.Arms;
using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Corpora;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;
using DomainTuning.Training;
using Microsoft.Extensions.AI;

namespace DomainTuning.Tuning.Examples;

/// <summary>What examples are made from.</summary>
public sealed record ExampleSources
{
    /// <summary>The corpus' folder, from which a recipe names files.</summary>
    public required string Folder { get; init; }

    public required ChunkIndex Index { get; init; }

    public required Retriever Retriever { get; init; }

    /// <summary>As serving searches.</summary>
    public required RetrievalOptions Retrieval { get; init; }

    /// <summary>Of the base model, whose tokens passages are cut to.</summary>
    public required ModelLimits Limits { get; init; }

    /// <summary>All of the corpus' questions, those of the test split too: they say what must not be seen. None: nothing is held out for a test.</summary>
    public IReadOnlyList<Question> Questions { get; init; } = [];

    /// <summary>Writes further questions; null for none.</summary>
    public IChatClient? ChatModel { get; init; }

    /// <summary>From a workspace: the corpus' index, the search as it is served, the base model's tokenizer.</summary>
    /// <param name="catalog">Owns what is opened.</param>
    /// <param name="corpus">Its name.</param>
    /// <param name="folder">With questions.jsonl, if there is one.</param>
    public static async Task<ExampleSources> OpenAsync(ArmCatalog catalog, string corpus, string folder, TrainingRecipe recipe, CancellationToken cancellationToken = default)
    {
        var open = await catalog.CorpusAsync(corpus, cancellationToken).ConfigureAwait(false);
        var questions = Path.Combine(folder, QuestionFile.Name);
        return new ExampleSources
        {
            Folder = folder,
            Index = open.Index,
            Retriever = open.Retriever,
            Retrieval = catalog.Retrieval,
            Limits = LimitsOf(Base(catalog, recipe)),
            Questions = File.Exists(questions) ? QuestionFile.Read(questions) : [],
            ChatModel = recipe.Examples.ChatModel is { } writer ? await catalog.ChatModelAsync(ArmId.Parse(writer), cancellationToken).ConfigureAwait(false) : null,
        };
    }

    /// <summary>How the recipe's base model writes chats.</summary>
    public static ChatConventions Conventions(ArmCatalog catalog, TrainingRecipe recipe) => Read(Base(catalog, recipe));

    private static ModelCard Base(ArmCatalog catalog, TrainingRecipe recipe)
    {
        var id = recipe.BaseModel ?? catalog.Settings.ChatModel;
        return catalog.ChatCard(id) is { Endpoint: null } card ? card : throw new UnknownArmException($"The recipe's base model '{id}' is no chat model that runs here. `domaintuning models list` shows what there is.");
    }

    private static ModelLimits LimitsOf(ModelCard card)
    {
        var tokenizer = Read(card).Tokenizer;
        return new ModelLimits(card.ContextTokens ?? new AnsweringOptions().ContextTokens, text => tokenizer.Count(text));
    }

    private static ChatConventions Read(ModelCard card)
    {
        if (!card.IsGguf) return ChatConventions.FromFolder(card.Folder);
        using var file = GgufFile.Open(card.WeightsPath);
        return ChatConventions.FromGguf(file);
    }
}
