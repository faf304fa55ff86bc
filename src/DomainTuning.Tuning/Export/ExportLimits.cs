using DomainTuning.Training;

namespace DomainTuning.Tuning.Export;

/// <summary>What another trainer cannot be told is refused, not left out: its adapter would be another one than the recipe says.</summary>
internal static class ExportLimits
{
    public static void Check(TrainingRecipe recipe, string tool)
    {
        var method = recipe.Method;
        if (method.Kind != "lora") throw Refused(tool, "method.kind", method.Kind, "lora");
        if (method.Layers is not null) throw Refused(tool, "method.layers", string.Join(", ", method.Layers), "all layers");
        if (method.RankPattern.Count > 0) throw Refused(tool, "method.rank_pattern", string.Join(", ", method.RankPattern.Keys), "one rank for all");
        if (method.AlphaPattern.Count > 0) throw Refused(tool, "method.alpha_pattern", string.Join(", ", method.AlphaPattern.Keys), "one alpha for all");
        if (method.Alpha != Math.Floor(method.Alpha)) throw Refused(tool, "method.alpha", method.Alpha.ToString(System.Globalization.CultureInfo.InvariantCulture), "a whole number");
    }

    private static ArgumentException Refused(string tool, string key, string value, string expected) =>
        new($"{tool} cannot be told {key} = {value}; its configuration has {expected}. Take the key out of the recipe for an export, or train here.");
}
