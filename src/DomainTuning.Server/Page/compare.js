// One question to two to four arms, side by side. Nothing of it is kept.

import { AnswerCard } from './answer.js';
import { arms, nameOf } from './arms.js';
import { byId, element } from './dom.js';
import { t } from './words.js';

const Most = 4;

let chosen = [];
let rounds = null;

export function showCompare() {
  byId('title').textContent = t('compare-title');
  chosen = chosen.filter(id => arms().includes(id));
  if (chosen.length < 2) chosen = defaults();
  rounds = element('div', { class: 'turns wide' }, element('section', { class: 'welcome' }, element('h2', {}, t('compare-hello')), element('p', {}, t('compare-text'))));
  byId('main').replaceChildren(rounds);
  showChoice();
}

export const canCompare = () => chosen.length >= 2;

/** All arms are asked at once: their times are those of a busy server. */
export async function askCompared(text, signal) {
  rounds.querySelector('.welcome')?.remove();
  const cards = chosen.map(id => new AnswerCard(id, { named: true }));
  const question = element('div', { class: 'question' }, element('p', {}, text));
  rounds.append(question, element('div', { class: 'columns', 'data-count': cards.length }, cards.map(card => card.root)));
  question.scrollIntoView({ block: 'start' });
  await Promise.all(cards.map(card => card.ask([{ role: 'user', content: text }], { signal })));
}

/** The quote, the model with documents, the model without. */
function defaults() {
  const kinds = [id => id.startsWith('quote@'), id => id.includes('@') && !id.startsWith('quote@'), id => !id.includes('@')];
  return [...new Set(kinds.map(kind => arms().find(kind)).filter(Boolean).concat(arms()))].slice(0, Math.min(3, arms().length));
}

function showChoice() {
  const boxes = arms().map(id => {
    const box = element('input', { type: 'checkbox', value: id, checked: chosen.includes(id), disabled: !chosen.includes(id) && chosen.length === Most });
    box.addEventListener('change', () => {
      chosen = box.checked ? [...chosen, id] : chosen.filter(other => other !== id);
      showChoice();
      byId('arms').querySelector(`input[value="${CSS.escape(id)}"]`)?.focus();
    });
    return element('label', { class: 'chip' }, box, element('span', {}, nameOf(id)));
  });
  byId('arms').replaceChildren(element('legend', { class: 'hint' }, t('compare-count', chosen.length)), ...boxes);
  byId('send').disabled = !canCompare();
}
