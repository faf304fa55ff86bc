// A page beside the answer, with the quote marked at its boxes. The picture is poppler's where the server has it, else drawn from the index.

import { call, path, read } from './api.js';
import { byId, drawing, element } from './dom.js';
import { t } from './words.js';

const Zooms = [1, 1.4, 2];

let shown = null; // { corpus, document, file, page, boxes, quote }
let opener = null;
let about = null;
let zoom = 0;
let isPoppler = true; // until it is found missing

export async function openPage(place, from) {
  shown = place;
  opener = from;
  about = null;
  byId('viewer').hidden = false;
  document.body.classList.add('reading');
  await turnTo(place.page);
  byId('viewer').querySelector('.viewer-close')?.focus({ preventScroll: true });
}

export function closePage() {
  if (byId('viewer').hidden) return false;
  byId('viewer').hidden = true;
  document.body.classList.remove('reading');
  for (const other of document.querySelectorAll('.mark-number.open, .source.open')) other.classList.remove('open');
  opener?.focus({ preventScroll: true });
  return true;
}

async function turnTo(page) {
  const place = shown;
  frame(page, element('p', { class: 'hint' }, t('loading')));
  try {
    const base = path('corpora', place.corpus, 'documents', place.document);
    about ??= await read(base);
    const text = await read(`${base}/pages/${page}`);
    if (place !== shown) return;
    frame(page, text.width > 0 ? await sheet(base, text) : plainText(text), base);
    byId('viewer').querySelector('.highlight')?.scrollIntoView({ block: 'center', inline: 'nearest' });
  } catch (error) {
    frame(page, element('p', { class: 'error' }, error.message));
  }
}

function frame(page, content, base) {
  const last = about?.pages ?? page;
  byId('viewer').replaceChildren(
    element('header', {},
      element('h2', { id: 'viewer-title', title: shown.file }, shown.file),
      element('button', { type: 'button', class: 'plain viewer-close', 'aria-label': t('close'), onclick: closePage }, '✕')),
    element('div', { class: 'viewer-bar' },
      element('button', { type: 'button', class: 'plain', 'aria-label': t('previous'), disabled: page <= 1, onclick: () => turnTo(page - 1) }, '‹'),
      element('span', { 'aria-live': 'polite' }, t('of-pages', page, last)),
      element('button', { type: 'button', class: 'plain', 'aria-label': t('next'), disabled: page >= last, onclick: () => turnTo(page + 1) }, '›'),
      element('span', { class: 'gap' }),
      element('button', { type: 'button', class: 'plain', 'aria-label': t(zoom < Zooms.length - 1 ? 'larger' : 'smaller'), onclick: () => { zoom = (zoom + 1) % Zooms.length; applyZoom(); } }, zoom < Zooms.length - 1 ? '+' : '−'),
      base && about?.has_file ? element('a', { href: `${base}/file#page=${page}`, target: '_blank', rel: 'noopener' }, t('original')) : null),
    element('div', { class: 'viewer-page', tabindex: 0, role: 'region', 'aria-label': t('page-picture', page, shown.file) }, content));
  applyZoom();
}

function applyZoom() {
  const found = byId('viewer').querySelector('.sheet');
  if (found) found.dataset.zoom = zoom;
}

async function sheet(base, text) {
  const address = `${base}/pages/${text.page}`;
  const picture = await pictureOf(address, text);
  const marks = text.page === shown.page
    ? shown.boxes.map(([left, top, right, bottom]) => drawing('rect', { class: 'highlight', x: left - 2, y: top - 1.5, width: right - left + 4, height: bottom - top + 3, rx: 2 }))
    : [];
  const overlay = drawing('svg', { viewBox: `0 0 ${text.width} ${text.height}`, class: 'marks', 'aria-hidden': 'true' }, ...marks);
  return element('div', { class: 'sheet' }, picture, overlay, marks.length > 0 ? element('p', { class: 'visually-hidden' }, shown.quote) : null);
}

/** An <img> runs no script and loads nothing, whatever the document holds. */
async function pictureOf(address, text) {
  const label = { alt: t('page-picture', text.page, shown.file), width: Math.round(text.width), height: Math.round(text.height) };
  if (isPoppler && about.has_file && about.path.toLowerCase().endsWith('.pdf')) {
    try {
      await call(`${address}/image`); // the browser keeps it: the picture comes out of its cache
      const picture = element('img', { ...label, src: `${address}/image` });
      await picture.decode();
      return picture;
    } catch (error) {
      if (error.status === 501) isPoppler = false;
    }
  }
  const picture = element('img', { ...label, class: 'drawn', title: t('drawn'), src: `${address}/drawing` });
  await picture.decode().catch(() => {});
  return picture;
}

/** Formats without pages: the text itself, with the quote marked. */
function plainText(text) {
  const marked = [];
  const words = shown.quote.split(/\s+/).filter(Boolean).map(word => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const found = text.page === shown.page && words.length > 0 ? new RegExp(words.join('\\s+')).exec(text.text) : null;
  if (found) marked.push(text.text.slice(0, found.index), element('mark', { class: 'highlight' }, found[0]), text.text.slice(found.index + found[0].length));
  else marked.push(text.text);
  return element('div', { class: 'plain-text' }, ...marked);
}
