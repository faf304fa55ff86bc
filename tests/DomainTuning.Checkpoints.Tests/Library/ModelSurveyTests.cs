using System.Text;
using DomainTuning.Checkpoints.Library;

namespace DomainTuning.Checkpoints.Tests.Library;

/// <summary>What a repository's own files say is taken, what they do not say is asked for, what cannot run is refused by name.</summary>
public sealed class ModelSurveyTests
{
    [Fact]
    public void AnEncoderIsReadFromItsSentenceConfiguration()
    {
        var card = Examine(TinyRepositories.Encoder);

        Assert.Equal((ModelKind.Encoder, "cls", true, 32, 64), (card.Kind, card.Pooling, card.Normalise, card.Dimensions, card.MaxTokens));
        Assert.Equal(("", ""), (card.QueryPrefix, card.PassagePrefix));
    }

    [Fact]
    public void ARerankerCountsItsPositionsFromThePaddingId()
    {
        var card = Examine(TinyRepositories.Reranker);

        Assert.Equal((ModelKind.Reranker, "xlm-roberta", 512), (card.Kind, card.Architecture, card.MaxTokens));
        Assert.Null(card.Pooling);
    }

    [Theory]
    [InlineData("""{"prompts": {"query": "q: ", "document": "", "passage": "p: "}}""", "q: ", "p: ")]
    [InlineData("""{"prompts": {"query": "q: "}, "default_prompt_name": null}""", "q: ", "")]
    [InlineData("""{"prompts": {"search": "s: "}, "default_prompt_name": "search"}""", "s: ", "s: ")]
    public void PrefixesComeFromTheSentenceConfiguration(string settings, string query, string passage)
    {
        var card = Examine(TinyRepositories.Encoder.With("config_sentence_transformers.json", settings));

        Assert.Equal((query, passage), (card.QueryPrefix, card.PassagePrefix));
    }

    [Theory]
    [InlineData("intfloat/multilingual-e5-small", "query: ", "passage: ")]
    [InlineData("BAAI/bge-base-en-v1.5", "Represent this sentence for searching relevant passages: ", "")]
    [InlineData("intfloat/multilingual-e5-large-instruct", "", "")]
    [InlineData("BAAI/bge-m3", "", "")]
    public void WhereTheFilesAreSilentThePublishersWordsCount(string name, string query, string passage)
    {
        var card = Examine(TinyRepositories.Encoder, name: name);

        Assert.Equal((query, passage), (card.QueryPrefix, card.PassagePrefix));
    }

    [Fact]
    public void OptionsWinOverFiles()
    {
        var card = Examine(TinyRepositories.Encoder, new AddModelOptions { Id = "mine", Pooling = "mean", Normalise = false, QueryPrefix = "a", PassagePrefix = "b", MaxTokens = 16 });

        Assert.Equal(("mine", "mean", false, "a", "b", 16), (card.Id, card.Pooling, card.Normalise, card.QueryPrefix, card.PassagePrefix, card.MaxTokens));
    }

    [Fact]
    public void PoolingThatIsNotWrittenDownIsAskedFor()
    {
        var silent = TinyRepositories.Encoder.With("modules.json", null).With("1_Pooling/config.json", null);

        Assert.Contains("has no modules.json", Refusal(silent), StringComparison.Ordinal);
        Assert.Contains("--pooling cls, mean or last", Refusal(silent), StringComparison.Ordinal);
        Assert.Equal("mean", Examine(silent, new AddModelOptions { Pooling = "mean" }).Pooling);
    }

    public static TheoryData<string, string?, string> Unusable => new()
    {
        { "config.json", null, "holds neither a .gguf file (a chat model) nor a config.json" },
        { "config.json", """{"model_type": "mpnet", "hidden_size": 32}""", "architecture 'mpnet', which cannot run here; supported are bert, xlm-roberta" },
        { "config.json", """{"hidden_size": 32}""", "does not say which architecture" },
        { "config.json", "[1]", "is a JSON array instead of an object" },
        { "config.json", "{", "cannot be read" },
        { "config.json", """{"model_type": "bert", "hidden_size": "wide", "max_position_embeddings": 5}""", "\"hidden_size\" should be a number, but is a string" },
        { "config.json", """{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}""", "is a chat model (llama) without a .gguf file and without model.safetensors" },
        { "config.json", """{"model_type": "bert", "architectures": ["BertForSequenceClassification"], "id2label": {"0": "a", "1": "b", "2": "c"}}""", "is a classifier with 3 labels" },
        { "tokenizer.json", null, "lacks tokenizer.json" },
        { "onnx/model.onnx", null, "has no ONNX file" },
        { "1_Pooling/config.json", null, "lacks 1_Pooling/config.json" },
        { "1_Pooling/config.json", """{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}""", "asks for the pooling cls + mean" },
        { "1_Pooling/config.json", """{"pooling_mode_weightedmean_tokens": true}""", "asks for the pooling weightedmean" },
        { "1_Pooling/config.json", """{"pooling_mode_cls_token": true, "include_prompt": false}""", "leaves prefixes out of the pooling" },
        { "modules.json", """[{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Dense"}]""", "applies the module 'sentence_transformers.models.Dense'" },
    };

    [Theory]
    [MemberData(nameof(Unusable))]
    public void WhatCannotRunIsRefusedByName(string path, string? text, string expected) =>
        Assert.Contains(expected, Refusal(TinyRepositories.Encoder.With(path, text)), StringComparison.Ordinal);

    [Fact]
    public void ModelsInSeveralGgufPartsAreRefused()
    {
        var parts = new Dictionary<string, byte[]>().With("big-00001-of-00002.gguf", "a").With("big-00002-of-00002.gguf", "b");

        Assert.Contains("in several parts only", Refusal(parts), StringComparison.Ordinal);
    }

    [Fact]
    public void ExternalWeightsTravelWithTheirGraph()
    {
        var listing = Listing(TinyRepositories.Encoder.With("onnx/model.onnx_data", "w").With("onnx/other.onnx_data", "w"), "tiny");

        var files = ModelSurvey.Examine(listing, new AddModelOptions()).Files.Select(file => file.Path);

        Assert.Contains("onnx/model.onnx_data", files);
        Assert.DoesNotContain("onnx/other.onnx_data", files);
    }

    [Theory]
    [InlineData("Qwen/Qwen2.5-0.5B-Instruct-GGUF", "qwen2.5-0.5b-instruct")]
    [InlineData("someone/My Model:x@y", "my-model-x-y")]
    public void IdsAreMadeOfNames(string name, string id) => Assert.Equal(id, ModelPaths.ToId(name.Split('/')[1]));

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a\\b")]
    [InlineData("C:x")]
    [InlineData("")]
    [InlineData("a//b")]
    public void PathsThatLeaveTheFolderAreUnsafe(string path) => Assert.False(ModelPaths.IsSafe(path));

    private static ModelCard Examine(Dictionary<string, byte[]> files, AddModelOptions? options = null, string name = "someone/tiny") =>
        ModelSurvey.Examine(Listing(files, name), options ?? new AddModelOptions()).Card;

    private static string Refusal(Dictionary<string, byte[]> files) => Assert.Throws<CheckpointException>(() => Examine(files)).Message;

    private static RepositoryListing Listing(Dictionary<string, byte[]> files, string name)
    {
        var offered = files.Select(file => new OfferedFile(file.Key, file.Value.Length, null)).ToList();
        return new RepositoryListing("'tiny'", name, name, offered, offered.Where(RepositoryListing.IsTelling).ToDictionary(file => file.Path, file => Encoding.UTF8.GetString(files[file.Path])));
    }
}
