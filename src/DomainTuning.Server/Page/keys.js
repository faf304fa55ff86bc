// Asks for the API key where the server wants one, and has the server keep it in a cookie.

import { onKeyWanted } from './api.js';
import { element } from './dom.js';
import { t } from './words.js';

let asking = null;

export function startKeys() {
  onKeyWanted(() => asking ??= ask().finally(() => { asking = null; }));
}

function ask() {
  const key = element('input', { type: 'password', id: 'key', required: true, autocomplete: 'off' });
  const problem = element('p', { class: 'error', role: 'alert' });
  const form = element('form', { method: 'dialog' },
    element('h2', {}, t('key')), element('label', { for: 'key' }, t('key-text')), key, problem, element('button', { type: 'submit', class: 'button' }, t('enter')));
  const dialog = element('dialog', { 'aria-label': t('key') }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise(resolve => {
    form.addEventListener('submit', async event => {
      event.preventDefault();
      const response = await fetch('/v1/session', { method: 'POST', headers: { Authorization: `Bearer ${key.value}` } });
      if (!response.ok) {
        problem.textContent = (await response.json()).error.message;
        return;
      }
      dialog.remove();
      resolve(true);
    });
    dialog.addEventListener('cancel', () => {
      dialog.remove();
      resolve(false);
    });
  });
}
