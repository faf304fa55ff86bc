// llama.cpp as a peer, through node-llama-cpp's prebuilt CPU library: node speed.mjs MODEL.gguf THREADS PROMPT TOKENS
// Prints {"prefill": tokens/s, "decode": tokens/s}, the best of three. Each is the library's best backend for this CPU.
import { getLlama } from 'node-llama-cpp';

const [modelPath, threads, prompt, tokens] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const warmUp = 2;

const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, logLevel: 'error', maxThreads: threads });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: prompt + tokens + 64, threads, batchSize: prompt });
const sequence = context.getSequence();

let prefill = 0;
let decode = 0;
for (let repeat = 0; repeat < 3; repeat++) {
  await sequence.clearHistory();
  // The same ids that the .NET side runs, so that both embed the same rows.
  const ids = Array.from({ length: prompt }, (_, i) => 1000 + ((i * 7919 + repeat * 31) % 40000));
  let start = performance.now();
  await sequence.evaluateWithoutGeneratingNewTokens(ids);
  prefill = Math.max(prefill, prompt / ((performance.now() - start) / 1000));

  let n = 0;
  for await (const _ of sequence.evaluate([1234], { temperature: 0, yieldEogToken: true })) {
    if (n === warmUp) start = performance.now();
    if (++n === tokens + warmUp) break;
  }
  decode = Math.max(decode, tokens / ((performance.now() - start) / 1000));
}

console.log(JSON.stringify({ prefill, decode }));
process.exit(0);
