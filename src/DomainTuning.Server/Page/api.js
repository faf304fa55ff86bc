// Calls of the server's API. Whatever is refused becomes an Error with the server's own sentence.

import { t } from './words.js';

export const path = (...parts) => `/v1/${parts.map(encodeURIComponent).join('/')}`;

let keyWanted = async () => false;

/** Told when the server wants a key; answers whether it has one now. */
export function onKeyWanted(ask) {
  keyWanted = ask;
}

export async function call(address, options = {}) {
  const { body, ...rest } = options;
  const request = body === undefined || body instanceof FormData ? { body, ...rest } : { body: JSON.stringify(body), ...rest, headers: { 'Content-Type': 'application/json', ...rest.headers } };
  let response;
  try {
    response = await fetch(address, request);
  } catch (error) {
    throw error.name === 'AbortError' ? error : new Error(t('no-server'));
  }
  if (response.status === 401 && await keyWanted()) return call(address, options);
  if (!response.ok) throw await refusal(response);
  return response;
}

export const read = async (address, options) => (await call(address, options)).json();

export const list = async address => (await read(address)).data;

/** Yields { name, data } of each server-sent event until the stream ends or says [DONE]. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    buffer += value;
    const parts = buffer.split('\n\n');
    buffer = parts.pop();
    for (const part of parts) {
      const lines = part.split('\n');
      const field = name => lines.filter(line => line.startsWith(name)).map(line => line.slice(name.length).trimStart()).join('\n');
      const data = field('data:');
      if (data === '[DONE]') return;
      if (data) yield { name: field('event:'), data: JSON.parse(data) };
    }
  }
}

async function refusal(response) {
  let message = `${response.status} ${response.statusText}`;
  try {
    message = (await response.json()).error.message;
  } catch { /* what is not JSON has no sentence of its own */ }
  return Object.assign(new Error(message), { status: response.status });
}
