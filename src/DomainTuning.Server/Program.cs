using DomainTuning.Corpora;
using DomainTuning.Server;
using DomainTuning.Arms;

// `dotnet run --project src/DomainTuning.Server`: serves the nearest workspace with the settings of its file and the environment.
var workspace = Workspace.Find(Environment.CurrentDirectory);
try
{
    var settings = Settings.Load(workspace.SettingsFile, Settings.ProcessVariables(), new Dictionary<string, string>());
    await using var arms = new ArmCatalog(workspace, settings);
    await using var server = await WebServer.StartAsync(settings, arms);
    Console.WriteLine($"DomainTuning listens on {server.Address}. Stop with Ctrl-C.");
    await server.WaitForShutdownAsync(CancellationToken.None);
    return 0;
}
catch (SettingsException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
