using System.CommandLine;
using DomainTuning.Bench;
using DomainTuning.Onnx.Graphs;

var write = new Option<bool>("--write") { Description = "keep the result under bench/results/<machine>", Recursive = true };

var folder = new Argument<string>("folder") { DefaultValueFactory = _ => Path.Combine(Repository.Root, "corpora", "cnc", "documents") };
var reading = new Command("reading", "PDF pages a second, beside poppler's pdftotext.") { folder };
reading.SetAction(parsed => ReadingBench.RunAsync(parsed.GetValue(folder)!, parsed.GetValue(write)));

var encoder = new Option<string>("--model") { DefaultValueFactory = _ => "bge-small-en-v1.5" };
var embedding = new Command("embedding", "Sequences a second of an encoder.") { encoder };
embedding.SetAction(parsed => EmbeddingBench.RunAsync(parsed.GetValue(encoder)!, parsed.GetValue(write)));

var chatModel = new Option<string>("--model") { DefaultValueFactory = _ => "smollm2-135m-instruct" };
var chat = new Command("chat", "Prefill and decode tokens a second, beside llama.cpp (npm install --ignore-scripts in bench/llama_cpp).") { chatModel };
chat.SetAction(parsed => ChatBench.RunAsync(parsed.GetValue(chatModel)!, parsed.GetValue(write)));

var only = new Option<WeightForm?>("--only") { Description = "one form, as a line of JSON" };
var formsModel = new Option<string>("--model") { DefaultValueFactory = _ => "smollm2-135m-instruct" };
var forms = new Command("forms", "Mean NLL, bytes, memory and speed of a chat model by form of weights.") { formsModel, only };
forms.SetAction(parsed => parsed.GetValue(only) is { } form
    ? FormBench.MeasureAsync(parsed.GetValue(formsModel)!, form)
    : FormBench.RunAsync(parsed.GetValue(formsModel)!, parsed.GetValue(write)));

var form = new Option<WeightForm>("--form") { DefaultValueFactory = _ => WeightForm.Auto };
var engine = new Command("engine", "Several clients, prefix cache, drafts and scoring of the chat engine, each beside the same without it.") { chatModel, form };
engine.SetAction(parsed => EngineBench.RunAsync(parsed.GetValue(chatModel)!, parsed.GetValue(form), parsed.GetValue(write)));

var adaptedModel = new Option<string>("--model") { DefaultValueFactory = _ => "smollm2-135m-instruct" };
var adapters = new Command("adapters", "What LoRA adapters of rank 8, 16 and 64 cost beside the plain model.") { adaptedModel };
adapters.SetAction(parsed => AdapterBench.RunAsync(parsed.GetValue(adaptedModel)!, parsed.GetValue(write)));

var requests = new Option<int>("--requests") { DefaultValueFactory = _ => 2000 };
var soak = new Command("soak", "Mixed requests over the plain model and four adapters: none lost, none mixed, memory flat.") { adaptedModel, requests, form };
soak.SetAction(parsed => SoakBench.RunAsync(parsed.GetValue(adaptedModel)!, parsed.GetValue(requests), parsed.GetValue(form), parsed.GetValue(write)));

var sizes = new Option<int[]>("--sizes") { DefaultValueFactory = _ => [1_000, 10_000, 100_000], AllowMultipleArgumentsPerToken = true };
var search = new Command("search", "Search latency of the SQLite index.") { sizes };
search.SetAction(parsed => SearchBench.RunAsync(parsed.GetValue(sizes)!, parsed.GetValue(write)));

var root = new RootCommand("Measurements, each beside a peer or a limit in the same run.") { reading, embedding, chat, forms, engine, adapters, soak, search };
root.Options.Add(write);
return await root.Parse(args).InvokeAsync();
