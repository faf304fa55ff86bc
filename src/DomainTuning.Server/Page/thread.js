// A conversation: questions and answers, and the next question. It is created with its first question.

import { list, path, read } from './api.js';
import { AnswerCard } from './answer.js';
import { arms, chooseArm, chosenArm } from './arms.js';
import { createConversation, showConversations } from './conversations.js';
import { byId, element } from './dom.js';
import { number, t } from './words.js';

let conversation = null; // its id, once there is one
let messages = [];
let turns = null;

/** Shows a saved conversation, or an empty one. */
export async function showThread(id) {
  conversation = id ?? null;
  messages = [];
  turns = element('div', { class: 'turns' });
  byId('main').replaceChildren(turns);
  byId('title').textContent = t(id ? 'conversations' : 'new');
  await showConversations(conversation);
  if (!id) return welcome();
  const saved = await read(path('conversations', id));
  byId('title').textContent = saved.title;
  messages = saved.messages.map(({ role, content }) => ({ role, content }));
  for (const message of saved.messages)
    if (message.role === 'user') turns.append(questionOf(message.content));
    else turns.append(new AnswerCard(message.model ?? saved.model ?? chosenArm()).show(message).root);
  const last = saved.messages.findLast(message => message.model)?.model;
  if (last) chooseArm(last);
  byId('main').scrollTop = byId('main').scrollHeight;
}

export async function askThread(text, signal) {
  const arm = chosenArm();
  byId('main').querySelector('.welcome')?.remove();
  const question = questionOf(text);
  const card = new AnswerCard(arm);
  turns.append(question, card.root);
  follow(question);
  messages.push({ role: 'user', content: text });
  if (!conversation) {
    try {
      const made = await createConversation(text, arm);
      conversation = made.id;
      history.replaceState(null, '', `#/c/${made.id}`);
      byId('title').textContent = made.title;
    } catch { /* the question is asked all the same; its own error says what is wrong */ }
  }
  await card.ask(messages, { signal, conversation });
  if (card.text) messages.push({ role: 'assistant', content: card.text });
  else messages.pop();
  await showConversations(conversation).catch(() => {});
}

const questionOf = text => element('div', { class: 'question' }, element('p', {}, text));

function follow(question) {
  question.scrollIntoView({ block: 'start', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
}

async function welcome() {
  const corpora = await list(path('corpora')).catch(() => []);
  const empty = corpora.length === 0;
  turns.append(element('section', { class: 'welcome' },
    element('span', { class: 'mark large', 'aria-hidden': 'true' }),
    element('h2', {}, t('hello')),
    element('p', {}, t(empty && arms().length === 0 || empty ? 'hello-empty' : 'hello-text')),
    element('ul', { class: 'shelves' }, corpora.map(corpus => element('li', {}, element('a', { href: '#/library' },
      element('strong', {}, corpus.id), element('span', {}, t('documents-pages', number(corpus.documents), number(corpus.pages))))))),
    empty ? element('a', { class: 'button', href: '#/library' }, t('add-documents')) : null));
}
