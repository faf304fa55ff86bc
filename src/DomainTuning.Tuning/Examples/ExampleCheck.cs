using System.Globalization;
using DomainTuning.Training;

namespace DomainTuning.Tuning.Examples;

/// <summary>Refuses recipes that cannot be followed, and data that is too little to learn from.</summary>
internal static class ExampleCheck
{
    /// <summary>Below it, a training mostly learns its few examples by heart.</summary>
    private const int LeastTrain = 20;

    /// <exception cref="ArgumentException">A value is out of range; the message says which, and what is expected.</exception>
    public static void Validate(ExampleRecipe recipe)
    {
        if (recipe.Passages < 1) throw Wrong("passages", recipe.Passages, "at least 1");
        if (recipe.QuestionRepeats < 1) throw Wrong("question_repeats", recipe.QuestionRepeats, "at least 1");
        if (recipe.MostOfAKind < 0) throw Wrong("most_of_a_kind", recipe.MostOfAKind, "0 or more");
        if (recipe.ChatModelExamples < 0) throw Wrong("chat_model_examples", recipe.ChatModelExamples, "0 or more");
        if (!(recipe.WithoutRightPassage is >= 0 and < 1)) throw Wrong("without_right_passage", recipe.WithoutRightPassage, "0 to below 1");
        if (!(recipe.ClosedBook is >= 0 and <= 1)) throw Wrong("closed_book", recipe.ClosedBook, "0 to 1");
        if (!(recipe.Validation is >= 0 and < 1)) throw Wrong("validation", recipe.Validation, "0 to below 1");
        if (recipe.WithoutRightPassage + recipe.ClosedBook > 1)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The recipe's shares examples.without_right_passage ({recipe.WithoutRightPassage}) and examples.closed_book ({recipe.ClosedBook}) are more than 1 together."));
    }

    /// <exception cref="ExampleException">A split is too small.</exception>
    public static void Enough(int train, int validation, IReadOnlyDictionary<string, int> dropped)
    {
        if (train >= LeastTrain && validation > 0) return;
        var why = dropped.Count == 0 ? "nothing was left out" : "left out: " + string.Join(", ", dropped.OrderByDescending(entry => entry.Value).Take(4).Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Value} {entry.Key}")));
        throw new ExampleException(string.Create(
            CultureInfo.InvariantCulture,
            $"There are {train} examples to train on and {validation} to validate with; at least {LeastTrain} and 1 are needed, several hundred are good ({why}). Write questions.jsonl or a file of examples, ingest more documents, or raise examples.most_of_a_kind or examples.validation in the recipe."));
    }

    private static ArgumentException Wrong(string key, object value, string expected) =>
        new(string.Create(CultureInfo.InvariantCulture, $"The recipe says examples.{key} = {value}; expected is {expected}."));
}
