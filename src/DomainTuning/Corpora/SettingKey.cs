namespace DomainTuning.Corpora;

/// <summary>
/// One setting: its key in domaintuning.json, from which the flag (--chat-model) and the variable (DOMAINTUNING_CHAT_MODEL) follow, so that the
/// three can never differ.
/// </summary>
/// <param name="Name">camelCase key in the file.</param>
/// <param name="Description">For --help and the documentation.</param>
/// <param name="Apply">Puts a text value into settings; throws <see cref="FormatException"/> saying what was expected.</param>
/// <param name="Read">The value as text, null when unset.</param>
public sealed record SettingKey(string Name, string Description, Func<Settings, string, Settings> Apply, Func<Settings, string?> Read)
{
    public string Flag { get; } = "--" + Separated(Name, '-').ToLowerInvariant();

    public string Variable { get; } = "DOMAINTUNING_" + Separated(Name, '_').ToUpperInvariant();

    private static string Separated(string camelCase, char separator) =>
        string.Concat(camelCase.Select(letter => char.IsUpper(letter) ? $"{separator}{letter}" : $"{letter}"));
}
