using DomainTuning.Answering;
using DomainTuning.Corpora;
using DomainTuning.Retrieval;
using DomainTuning.Tuning.Examples;

namespace DomainTuning.Tuning.Tests;

/// <summary>A small manual with numbered sections, in memory: what it lists, tables, defines and forbids to see is known to the letter.</summary>
internal static class PumpManual
{
    public const string TestSection = "pump § 2.3 Alarms";

    private static readonly string[] Texts =
    [
        "2.1 Settings\n\n• MAX_FLOW = 40 - The upper limit of the flow in litres. Default is 25.\n\n• SOFT_START = YES - Enables the slow rise of the motor at power on.\n\n• pump.0.running (bit, out) TRUE when the impeller turns.\n\n• DRY_STOP_DELAY = 7 - Specifies the seconds until a dry pump is stopped.",
        "2.2 Codes\n\nCode | Meaning\nP10 | Open the inlet valve\nP11 | Close the inlet valve\nP12 | Purge the filter",
        "2.3 Alarms\n\n• A77 - Reports that the shaft bearing is too hot.\n\n• ALARM_HOLD = 90 - The seconds for which an alarm is shown.",
        "2.4 Service\n\n1. Close the outlet tap.\n\n2. Remove the four screws of the lid.\n\n3. Replace the rubber gasket with a new one.\n\nThe service interval is 2000 hours.",
        "2.5 Display\n\n• BACKLIGHT_TIME = 30 - The seconds until the display goes dark.\n\n• DISPLAY_LANGUAGE = EN - Selects the language of the menus.\n\n• CONTRAST_LEVEL = 5 - Sets the contrast of the display.",
        "2.6 Network\n\n• NET_ADDRESS = 10.0.0.7 - Specifies the address of the pump in the plant network.\n\n• NET_TIMEOUT = 300 - The milliseconds until a lost connection is reported.\n\n• NET_RETRIES = 4 - Defines the number of attempts for one message.",
        "2.7 Sensors\n\n• pump.0.pressure (float, out) Measures the pressure behind the impeller.\n\n• pump.0.level (float, out) Reports the height of the liquid in the tank.\n\n• SENSOR_FILTER = 12 - Sets the number of samples that are averaged.",
        "2.8 Motor\n\n• MOTOR_POLES = 4 - The number of magnetic poles of the motor.\n\n• RAMP_TIME = 3 - Determines the seconds from standstill to full speed.\n\n• BRAKE_FORCE = 60 - Sets the force of the brake in percent.",
    ];

    public static IReadOnlyList<Question> Questions { get; } =
    [
        Question("t1", "What does alarm A77 say about the bearing?", QuestionSplit.Test, TestSection, ["too hot"], 3, "A77 - Reports that the shaft bearing is too hot."),
        Question("r1", "When must the pump be serviced?", QuestionSplit.Train, "pump § 2.4 Service", ["2000 hours", "every 2000 hours"], 4, "The service interval is 2000 hours."),
        Question("r2", "How many litres flow at most unless told otherwise?", QuestionSplit.Train, "pump § 2.1 Settings", ["25"], 1, "Default is 25."),
        Question("r3", "Which oil does the gearbox of the pump need?", QuestionSplit.Train, "pump § 2.8 Motor", [], 0, ""),
        Question("v1", "After how long does the screen turn off?", QuestionSplit.Validation, "pump § 2.5 Display", ["30", "30 seconds"], 5, "BACKLIGHT_TIME = 30 - The seconds until the display goes dark."),
    ];

    public static async Task<ExampleSources> SourcesAsync(string folder = "", IReadOnlyList<Question>? questions = null)
    {
        var embedder = new HashEmbedder(256);
        var index = new MemoryChunkIndex(SampleDocument.Manifest(embedder));
        await (await SampleDocument.CreateAsync(embedder, "pump.pdf", Texts, heading: "Pump")).StoreInAsync(index, CancellationToken.None);
        return new ExampleSources
        {
            Folder = folder,
            Index = index,
            Retriever = new Retriever(index, embedder),
            Retrieval = new RetrievalOptions { Top = 6 },
            Limits = new ModelLimits(2048, text => text.Split(' ').Length),
            Questions = questions ?? Questions,
        };
    }

    private static Question Question(string id, string text, QuestionSplit split, string section, string[] answers, int page, string quote) => new()
    {
        Id = id, Text = text, Kind = answers.Length == 0 ? QuestionKind.NearMiss : QuestionKind.Fact, Split = split, Section = section, Answers = answers,
        Evidence = answers.Length == 0 ? [] : [new QuestionEvidence("pump.pdf", page, quote)],
    };
}
