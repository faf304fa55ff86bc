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

var sizes = new Option<int[]>("--sizes") { DefaultValueFactory = _ => [1_000, 10_000, 100_000], AllowMultipleArgumentsPerToken = true };
var search = new Command("search", "Search latency of the SQLite index.") { sizes };
search.SetAction(parsed => SearchBench.RunAsync(parsed.GetValue(sizes)!, parsed.GetValue(write)));

var root = new RootCommand("Measurements, each beside a peer or a limit in the same run.") { reading, embedding, chat, forms, search };
root.Options.Add(write);
return await root.Parse(args).InvokeAsync();
