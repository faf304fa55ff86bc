// llama.cpp as a peer, through node-llama-cpp's prebuilt CPU library: node speed.mjs MODEL.gguf THREADS PROMPT TOKENS CLIENTS
// Prints {"backend", "prefill": tokens/s, "decode": tokens/s}, the best of three; the backend is the instructions that llama.cpp picked for this CPU.
// With several clients, decode counts the tokens of all of them, written at once in one context.
import { getLlama } from 'node-llama-cpp';

const [modelPath, threads, prompt, tokens, clients] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const warmUp = 2;

const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, logLevel: 'error', maxThreads: threads });
const backend = [...llama.systemInfo.matchAll(/(\w+) = 1/g)].map(([, feature]) => feature).filter((feature) => /AVX|AMX|VNNI/.test(feature)).join(' ');
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: prompt + tokens + 64, threads, batchSize: Math.max(prompt, clients), sequences: clients });
const sequences = Array.from({ length: clients }, () => context.getSequence());

// The same ids that the .NET side runs, so that both embed the same rows.
const ids = (repeat, client) => Array.from({ length: prompt }, (_, i) => 1000 + ((i * 7919 + (repeat * 8 + client) * 31) % 40000));

async function write(sequence) {
  let n = 0;
  let start = 0;
  for await (const _ of sequence.evaluate([1234], { temperature: 0, yieldEogToken: true })) {
    if (n === warmUp) start = performance.now();
    if (++n === tokens + warmUp) return [start, performance.now()];
  }
}

let prefill = 0;
let decode = 0;
for (let repeat = 0; repeat < 3; repeat++) {
  for (const sequence of sequences) await sequence.clearHistory();
  const start = performance.now();
  for (const [client, sequence] of sequences.entries()) await sequence.evaluateWithoutGeneratingNewTokens(ids(repeat, client));
  prefill = Math.max(prefill, clients * prompt / ((performance.now() - start) / 1000));

  const spans = await Promise.all(sequences.map(write));
  const seconds = (Math.max(...spans.map(([, end]) => end)) - Math.min(...spans.map(([begin]) => begin))) / 1000;
  decode = Math.max(decode, clients * tokens / seconds);
}

console.log(JSON.stringify({ backend, prefill, decode }));
process.exit(0);
