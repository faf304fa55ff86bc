namespace DomainTuning.Answering.Words;

/// <summary>Units of measure, singular and plural, in lower case: one for another makes a right number wrong.</summary>
internal static class Units
{
    private static readonly HashSet<string> Symbols = Split("mm cm m km um μm nm in ft s ms us μs ns min h v mv kv a ma ka w kw mw va hz khz mhz ghz rpm bar pa kpa mpa psi n kn kg g mg lb k c f l ml kb mb gb tb bit db ohm");

    private static readonly HashSet<string> Names = Split(
        """
        second seconds millisecond milliseconds microsecond microseconds nanosecond nanoseconds minute minutes hour hours day days week weeks month months year years
        meter meters metre metres millimeter millimeters millimetre millimetres centimeter centimeters micrometer micrometers micron microns inch inches foot feet
        volt volts millivolt millivolts amp amps ampere amperes milliamp milliamps watt watts kilowatt kilowatts hertz kilohertz megahertz degree degrees radian radians
        percent gram grams kilogram kilograms pound pounds newton newtons pascal pascals liter liters litre litres byte bytes bits kilobytes megabytes celsius fahrenheit
        dollar dollars euro euros revolution revolutions ohms
        """);

    private static readonly HashSet<string> Keys = [.. Names.Select(Term.Stem), .. Symbols.Where(symbol => symbol.Length > 1 && symbol is not ("in" or "min"))];

    /// <summary>"mm" in "10mm".</summary>
    public static bool IsSymbol(ReadOnlySpan<char> folded) => Symbols.GetAlternateLookup<ReadOnlySpan<char>>().Contains(folded);

    /// <summary>Whether a term's key is a unit beyond doubt.</summary>
    public static bool IsKey(string key) => Keys.Contains(key);

    private static HashSet<string> Split(string words) => words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
}
