using System.CommandLine;
using DomainTuning.Training;

namespace DomainTuning.Cli.Verbs;

/// <summary>Which recipe a training follows: a file, the corpus' own, or the defaults, with what the command line changes.</summary>
internal sealed class RecipeFlags
{
    /// <summary>A corpus' own recipe, taken where no other is named.</summary>
    private const string OwnRecipe = "recipes/lora.json";

    private readonly Option<FileInfo?> file = new("--recipe") { Description = $"a recipe (default: the corpus' {OwnRecipe} where there is one)", HelpName = "FILE" };
    private readonly Option<string?> name = new("--name") { Description = "the adapter's name, as in model:name", HelpName = "name" };
    private readonly Option<int?> steps = new("--steps") { Description = "optimiser steps", HelpName = "n" };
    private readonly Option<double?> minutes = new("--minutes") { Description = "minutes of training at most", HelpName = "n" };
    private readonly Option<int?> rank = new("--rank") { Description = "the adapter's rank", HelpName = "r" };
    private readonly Option<double?> learningRate = new("--learning-rate") { Description = "the highest learning rate", HelpName = "x" };

    public IEnumerable<Option> Options => [file, name, steps, minutes, rank, learningRate];

    public TrainingRecipe Read(ParseResult parsed, CorpusPlace place)
    {
        var recipe = Read(parsed.GetValue(file)?.FullName, place);
        return recipe with
        {
            Name = parsed.GetValue(name) ?? recipe.Name,
            Method = recipe.Method with { Rank = parsed.GetValue(rank) ?? recipe.Method.Rank },
            Optimiser = recipe.Optimiser with { LearningRate = parsed.GetValue(learningRate) ?? recipe.Optimiser.LearningRate },
            Schedule = recipe.Schedule with { MaxSteps = parsed.GetValue(steps) ?? recipe.Schedule.MaxSteps, MaxMinutes = parsed.GetValue(minutes) ?? recipe.Schedule.MaxMinutes },
        };
    }

    /// <param name="file">Null: the corpus' own recipe where it has one, otherwise the defaults.</param>
    public static TrainingRecipe Read(string? file, CorpusPlace place)
    {
        var path = file ?? (Path.Combine(place.Folder, OwnRecipe) is var own && File.Exists(own) ? own : null);
        return path is null ? new TrainingRecipe { Name = place.Name } : TrainingJson.ReadRecipe(path);
    }
}
