// The list of conversations at the side: open, rename, delete, export. The server keeps them.

import { call, list, path } from './api.js';
import { byId, element } from './dom.js';
import { t } from './words.js';

let current = null;
let deleted = () => {};

export function startConversations(whenDeleted) {
  deleted = whenDeleted;
  document.addEventListener('click', event => {
    for (const menu of document.querySelectorAll('#conversations details[open]')) if (!menu.contains(event.target)) menu.open = false;
  });
}

export async function showConversations(open = current) {
  current = open;
  const all = await list(`${path('conversations')}?limit=200`);
  byId('conversations').replaceChildren(...all.length > 0 ? all.map(entry) : [element('li', { class: 'hint' }, t('none'))]);
  return all;
}

export const createConversation = async (title, model) => (await call(path('conversations'), { method: 'POST', body: { title: title.slice(0, 80), model } })).json();

function entry(conversation) {
  const address = path('conversations', conversation.id);
  const item = element('li', {},
    element('a', { href: `#/c/${conversation.id}`, title: conversation.title, 'aria-current': conversation.id === current ? 'page' : null }, conversation.title),
    element('details', { class: 'menu' },
      element('summary', { 'aria-label': t('more', conversation.title) }, '⋯'),
      element('div', { class: 'menu-items' },
        element('button', { type: 'button', onclick: () => rename(item, conversation) }, t('rename')),
        element('a', { href: `${address}/export?format=markdown`, download: '' }, `${t('export')} (Markdown)`),
        element('a', { href: `${address}/export`, download: '' }, `${t('export')} (JSON)`),
        element('button', { type: 'button', class: 'danger', onclick: event => remove(event.currentTarget, conversation) }, t('delete')))));
  return item;
}

function rename(item, conversation) {
  const title = element('input', { value: conversation.title, maxlength: 200, required: true, 'aria-label': t('title-of') });
  const save = async () => {
    if (title.value.trim() && title.value !== conversation.title) await call(path('conversations', conversation.id), { method: 'PATCH', body: { title: title.value } });
    await showConversations();
  };
  title.addEventListener('keydown', event => {
    if (event.isComposing) return;
    if (event.key === 'Enter') title.blur();
    if (event.key === 'Escape') {
      event.stopPropagation();
      title.value = conversation.title;
      title.blur();
    }
  });
  title.addEventListener('blur', save, { once: true });
  item.replaceChildren(title);
  title.select();
}

/** The second click deletes. */
async function remove(button, conversation) {
  if (!button.dataset.sure) {
    button.dataset.sure = 'yes';
    button.textContent = t('really-delete');
    return;
  }
  await call(path('conversations', conversation.id), { method: 'DELETE' });
  if (conversation.id === current) deleted();
  await showConversations();
}
