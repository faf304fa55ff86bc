// The ways to answer, from /v1/models: "model", "model:adapter", "model@corpus", "model:adapter@corpus", "quote@corpus".

import { list } from './api.js';
import { byId, element } from './dom.js';
import { t } from './words.js';

let all = [];

export const arms = () => all;

export function partsOf(id) {
  const [left, corpus] = id.split('@');
  const colon = left.indexOf(':');
  return { model: colon < 0 ? left : left.slice(0, colon), adapter: colon < 0 ? null : left.slice(colon + 1), corpus: corpus ?? null };
}

/** What people read: the model, its adapter, where it looks. */
export function nameOf(id) {
  const { model, adapter, corpus } = partsOf(id);
  const who = model === 'quote' && corpus ? t('quote-alone') : adapter ? `${model} + ${adapter}` : model;
  return `${who} · ${corpus ?? t('without-documents')}`;
}

export function describe(id) {
  const { model, adapter, corpus } = partsOf(id);
  if (model === 'quote' && corpus) return t('hint-quote', model, corpus);
  return (corpus ? t('hint-corpus', model, corpus) : t('hint-alone', model)) + (adapter ? t('hint-adapter', adapter) : '');
}

export const chosenArm = () => byId('arm').value;

export function chooseArm(id) {
  if (all.includes(id)) byId('arm').value = id;
}

export async function loadArms() {
  const before = chosenArm() || localStorage.getItem('arm');
  all = (await list('/v1/models')).filter(model => model.kind === 'chat').map(model => model.id);
  const corpora = [...new Set(all.map(id => partsOf(id).corpus))];
  byId('arm').replaceChildren(...corpora.map(corpus => element('optgroup', { label: corpus ?? t('without-documents') },
    all.filter(id => partsOf(id).corpus === corpus).map(id => element('option', { value: id }, nameOf(id))))));
  byId('arm').value = all.includes(before) ? before : all[0] ?? '';
  return all;
}

export function startArms(changed) {
  byId('arm').addEventListener('change', () => {
    localStorage.setItem('arm', chosenArm());
    changed();
  });
}
