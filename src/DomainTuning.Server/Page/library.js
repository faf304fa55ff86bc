// What there is to ask and to ask with: corpora and their documents, adapters, trainings, reports.

import { call, list, path } from './api.js';
import { partsOf, arms } from './arms.js';
import { byId, element } from './dom.js';
import { upload } from './upload.js';
import { duration, language, number, t } from './words.js';

const Refresh = 5000;

let changed = () => {};
let timer = null;
let open = null; // the corpus whose documents are shown

/** @param whenChanged is told after an upload or a deletion. */
export function startLibrary(whenChanged) {
  changed = whenChanged;
}

export async function showLibrary() {
  byId('title').textContent = t('library');
  const reports = element('div', { class: 'uploads' });
  const corpora = element('section', { class: 'shelf', id: 'corpora' });
  const adapters = element('section', { class: 'shelf' });
  const trainings = element('section', { class: 'shelf' });
  byId('main').replaceChildren(element('div', { class: 'turns wide library' }, dropZone(), reports, corpora, adapters, trainings,
    element('section', { class: 'shelf' }, element('h2', {}, t('reports')), element('p', { class: 'hint' }, t('reports-text')), element('p', {}, element('a', { href: '/evaluations', target: '_blank', rel: 'noopener' }, `${t('reports-open')} ↗`)))));
  await Promise.all([safely(showCorpora, corpora), safely(showAdapters, adapters), safely(showTrainings, trainings)]);
}

export function leaveLibrary() {
  clearTimeout(timer);
}

/** Sends files into the corpus that is chosen in the library, which must be shown. */
export async function addFiles(files) {
  const corpus = byId('into').value || byId('corpus-name').value.trim();
  if (!corpus) return byId('corpus-name').focus();
  open = corpus;
  await upload(corpus, files, document.querySelector('.uploads'), async () => {
    changed();
    if (!byId('corpora')) return;
    await showCorpora(byId('corpora'));
    if (![...byId('into').options].some(option => option.value === open) && open === corpus) byId('into').prepend(element('option', { value: corpus }, corpus));
  });
}

/** What cannot be read says so in its own place; the rest is shown. */
const safely = (show, place) => show(place).catch(error => place.append(element('p', { class: 'error', role: 'alert' }, error.message)));

function dropZone() {
  const files = element('input', { type: 'file', multiple: true, class: 'visually-hidden', id: 'files', onchange: event => addFiles([...event.target.files]) });
  const name = element('input', { id: 'corpus-name', 'aria-label': t('corpus-name'), placeholder: t('corpus-name'), pattern: '[A-Za-z0-9._\\-]+', hidden: true });
  const into = element('select', { id: 'into', onchange: () => { name.hidden = into.value !== ''; } });
  const known = [...new Set(arms().map(id => partsOf(id).corpus).filter(Boolean))];
  into.append(...known.map(corpus => element('option', { value: corpus }, corpus)), element('option', { value: '' }, t('new-corpus')));
  name.hidden = known.length > 0;
  return element('section', { class: 'drop-zone' }, element('p', {}, t('drop-here')),
    element('div', { class: 'row' }, element('label', {}, `${t('into')} `, into), name, element('label', { class: 'button', for: 'files' }, t('choose')), files));
}

async function showCorpora(place) {
  const all = await list(path('corpora'));
  open = all.some(corpus => corpus.id === open) ? open : all[0]?.id ?? null;
  place.replaceChildren(element('h2', {}, t('corpora')), all.length === 0 ? element('p', { class: 'hint' }, t('no-documents')) : element('ul', { class: 'tiles' }, all.map(corpus => element('li', {},
    element('button', { type: 'button', 'aria-pressed': String(corpus.id === open), onclick: async () => { open = corpus.id; await showCorpora(place); } },
      element('strong', {}, corpus.id), element('span', {}, t('documents-pages', number(corpus.documents), number(corpus.pages))), element('span', { class: 'hint' }, corpus.embedder))))));
  if (open) place.append(await documentsOf(open, place));
}

async function documentsOf(corpus, place) {
  const all = await list(path('corpora', corpus, 'documents'));
  return table([t('documents'), t('pages'), t('passages'), t('added'), ''], all.map(document => {
    const base = path('corpora', corpus, 'documents', document.id);
    return [
      element('span', {}, document.has_file ? element('a', { href: `${base}/file`, target: '_blank', rel: 'noopener' }, document.path) : document.path,
        document.tags.map(tag => element('span', { class: 'tag' }, tag)), document.note ? element('span', { class: 'note' }, document.note) : null),
      number(document.pages), number(document.chunks), new Date(document.ingested_at).toLocaleDateString(language),
      element('button', {
        type: 'button', class: 'plain danger', 'aria-label': `${t('delete')}: ${document.path}`, onclick: async () => {
          if (!confirm(t('delete-document', document.path))) return;
          await call(base, { method: 'DELETE' });
          changed();
          await showCorpora(place);
        },
      }, t('delete')),
    ];
  }));
}

async function showAdapters(place) {
  const all = await list(path('adapters'));
  const from = (before, after) => (before && after ? t('before-after', before.toFixed(2), after.toFixed(2)) : '–');
  place.replaceChildren(element('h2', {}, t('adapters')), all.length === 0
    ? element('p', { class: 'hint' }, t('no-adapters', open ?? 'CORPUS'))
    : table([t('name'), t('base'), t('method'), t('rank'), t('perplexity')], all.map(adapter => [
      element('span', {}, element('strong', {}, adapter.name), adapter.corpus ? element('span', { class: 'tag' }, adapter.corpus) : null, adapter.problem ? element('span', { class: 'note' }, adapter.problem) : null),
      adapter.model, adapter.method ?? '–', adapter.rank ?? '–', from(adapter.perplexity_before, adapter.perplexity_after),
    ])));
}

async function showTrainings(place) {
  const all = await list(path('training'));
  place.replaceChildren(element('h2', {}, t('trainings')), all.length === 0 ? element('p', { class: 'hint' }, t('no-trainings')) : element('ul', { class: 'trainings' }, all.map(trainingOf)));
  clearTimeout(timer);
  if (all.some(run => run.at_work)) timer = setTimeout(() => { if (place.isConnected) showTrainings(place).catch(() => {}); }, Refresh);
}

function trainingOf({ run, at_work: isAtWork, progress }) {
  const state = isAtWork ? 'running' : ['finished', 'failed'].includes(progress?.event) ? progress.event : 'interrupted';
  const words = progress && [
    t('step-of', number(progress.step ?? 0), number(progress.steps ?? 0)), progress.loss ? t('loss', progress.loss.toFixed(3)) : null,
    progress.perplexity ? `${t('perplexity')} ${progress.perplexity.toFixed(2)}` : null, progress.best_step ? t('best-step', number(progress.best_step)) : null,
    isAtWork && progress.seconds_left ? t('left', duration(progress.seconds_left)) : null,
  ].filter(Boolean).join(' · ');
  const kind = { running: 'partly', finished: 'good', failed: 'bad', interrupted: 'bad' }[state];
  return element('li', {}, element('p', {}, element('strong', {}, run), ' ', element('span', { class: `verdict ${kind}` }, t(state))),
    progress?.steps ? element('progress', { max: progress.steps, value: progress.step ?? 0, 'aria-label': run }) : null, element('p', { class: 'hint' }, words), progress?.message ? element('p', { class: 'hint' }, progress.message) : null);
}

function table(heads, rows) {
  return element('div', { class: 'table', tabindex: 0, role: 'region', 'aria-label': heads[0] }, element('table', {},
    element('thead', {}, element('tr', {}, heads.map(head => element('th', { scope: 'col' }, head || element('span', { class: 'visually-hidden' }, t('delete')))))),
    element('tbody', {}, rows.map(cells => element('tr', {}, cells.map(cell => element('td', {}, cell)))))));
}
