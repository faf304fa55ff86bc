namespace DomainTuning.Answering.Words;

/// <summary>Words that say nothing about the subject. Words that turn a meaning round (not, before, on, off, more) are not among them.</summary>
internal static class StopWords
{
    private static readonly HashSet<string> Words =
    [
        .. """
           a an the this that these those it its it's they them their there here he she his her we us our you your i me my one ones
           is are was were be been being am do does did doing done has have had having can could may might must shall should will would
           what which who whom whose when where why how if then than so as of to in into for from by with at about and or but also too very
           some any such each other another own same just only please tell explain describe say says called named mean means
           get gets give given gives use used uses using let make makes need needs want happen happens
           """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
    ];

    public static bool Contains(string folded) => Words.Contains(folded);
}
