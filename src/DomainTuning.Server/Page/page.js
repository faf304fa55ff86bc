'use strict';
// Asks /v1/chat/completions as any OpenAI client would, and shows the answer as it comes with the quotes that it stands on.

const arm = document.getElementById('arm');
const hint = document.getElementById('arm-hint');
const turns = document.getElementById('turns');
const form = document.getElementById('ask');
const question = document.getElementById('question');
const send = document.getElementById('send');

let conversation = [];
let running = null; // the AbortController of the answer that is being written

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function describe(id) {
  const [model, corpus] = id.split('@');
  if (model === 'quote') return `The best passages of "${corpus}", word for word. No language model.`;
  if (corpus) return `${model} answers from "${corpus}": a quote first, then only what the quotes support.`;
  return `${model} alone, without documents: it may be wrong, and cites nothing.`;
}

async function listArms() {
  try {
    const response = await fetch('/v1/models');
    const models = (await response.json()).data.filter(model => model.kind === 'chat');
    for (const { id } of models) arm.append(new Option(id, id));
    hint.textContent = models.length ? describe(arm.value) : 'Nothing is ingested yet: run ./domaintuning ingest <folder>, then reload.';
  } catch {
    hint.textContent = 'The server does not answer. Is it still running?';
  }
}

/** Yields the JSON of each server-sent event until [DONE]. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    buffer += value;
    const parts = buffer.split('\n\n');
    buffer = parts.pop();
    for (const part of parts) {
      const data = part.replace(/^data: /, '');
      if (data === '[DONE]') return;
      yield JSON.parse(data);
    }
  }
}

function showSources(turn, citations) {
  if (!citations || citations.length === 0) return;
  const list = element('ol', 'sources');
  for (const citation of citations) {
    const item = element('li');
    const label = citation.page_label && citation.page_label !== String(citation.page) ? ` (printed ${citation.page_label})` : '';
    item.append(element('blockquote', '', citation.quote), element('cite', '', `[${citation.number}] ${citation.file}, page ${citation.page}${label}`));
    list.append(item);
  }
  turn.append(list);
}

async function ask(text) {
  const turn = element('li', 'turn');
  const answer = element('p', 'answer waiting', '');
  turn.append(element('p', 'question', text), answer);
  turns.append(turn);
  turn.scrollIntoView({ block: 'end' });

  conversation.push({ role: 'user', content: text });
  running = new AbortController();
  const started = performance.now();
  try {
    const response = await fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ model: arm.value, messages: conversation, stream: true }),
      signal: running.signal,
    });
    if (!response.ok) throw new Error((await response.json()).error.message);
    for await (const event of events(response)) {
      if (event.error) throw new Error(event.error.message);
      const delta = event.choices[0]?.delta;
      if (delta?.content) answer.textContent += delta.content;
      if (delta?.not_in_documents) answer.classList.add('refused');
      showSources(turn, delta?.citations);
      turn.scrollIntoView({ block: 'end' });
    }
    conversation.push({ role: 'assistant', content: answer.textContent });
    turn.append(element('p', 'meta', `${arm.value}, ${((performance.now() - started) / 1000).toFixed(1)} s`));
  } catch (error) {
    conversation.pop();
    turn.append(element('p', 'error', error.name === 'AbortError' ? 'Stopped.' : error.message));
  } finally {
    answer.classList.remove('waiting');
    running = null;
    send.textContent = 'Ask';
  }
}

form.addEventListener('submit', async event => {
  event.preventDefault();
  if (running) {
    running.abort();
    return;
  }
  const text = question.value.trim();
  if (!text) return;
  question.value = '';
  send.textContent = 'Stop';
  await ask(text);
  question.focus();
});

question.addEventListener('keydown', event => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (!running) form.requestSubmit();
  }
});

document.getElementById('clear').addEventListener('click', () => {
  running?.abort();
  conversation = [];
  turns.replaceChildren();
  question.focus();
});

arm.addEventListener('change', () => { hint.textContent = describe(arm.value); });
listArms();
