// Files that are dropped anywhere on the page or chosen: sent to a corpus, with the progress and the verdict of each.

import { call, events, path } from './api.js';
import { announce, byId, element } from './dom.js';
import { t } from './words.js';

const Good = ['added', 'replaced', 'unchanged', 'renamed'];

let running = Promise.resolve();

/** @param begin shows the library, and answers where to (a corpus' name, or null) and where the report goes (an element). */
export function startDropping(begin) {
  let depth = 0;
  const hasFiles = event => event.dataTransfer?.types.includes('Files');
  const over = isOver => {
    depth = Math.max(0, depth + (isOver ? 1 : -1));
    byId('drop').hidden = depth === 0;
  };
  addEventListener('dragenter', event => { if (hasFiles(event)) over(true); });
  addEventListener('dragleave', event => { if (hasFiles(event)) over(false); });
  addEventListener('dragover', event => { if (hasFiles(event)) event.preventDefault(); });
  addEventListener('drop', async event => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    byId('drop').hidden = true;
    await begin([...event.dataTransfer.files]);
  });
}

/** One upload after the other: a corpus is written by one at a time. */
export function upload(corpus, files, place, finished) {
  const report = element('section', { class: 'upload', 'aria-label': t('add-documents') });
  place.prepend(report);
  running = running.then(() => send(corpus, files, report)).finally(finished);
  return running;
}

async function send(corpus, files, report) {
  const bar = element('progress', { max: 1, 'aria-label': t('uploading') });
  const words = element('p', { class: 'hint' }, t('uploading'));
  const verdicts = element('ul', { class: 'verdicts' });
  report.replaceChildren(element('h3', {}, `${t('into')} “${corpus}”`), bar, words, verdicts);
  try {
    const body = new FormData();
    for (const file of files) body.append('file', file, file.name);
    const response = await call(path('corpora', corpus, 'documents'), { method: 'POST', body, headers: { Accept: 'text/event-stream' } });
    for await (const { name, data } of events(response)) {
      if (name === 'error') throw new Error(data.error.message);
      if (name === 'done') {
        finish(data, report, bar, words, verdicts);
        continue;
      }
      bar.value = data.share;
      words.textContent = [data.file, t('upload-progress', data.files_done, data.files, data.pages)].filter(Boolean).join(' · ');
      if (data.verdict) verdicts.append(verdictOf(data.verdict));
    }
  } catch (error) {
    bar.remove();
    words.className = 'error';
    words.textContent = error.message;
    report.append(dismiss(report));
  }
}

function finish(done, report, bar, words, verdicts) {
  bar.remove();
  const good = done.files.filter(file => isGood(file)).length;
  words.textContent = [t('upload-done', good, done.files.length - good), done.stopped, ...done.notes].filter(Boolean).join(' · ');
  verdicts.replaceChildren(...done.files.map(verdictOf));
  report.append(dismiss(report));
  announce(words.textContent);
}

const isGood = file => Good.includes(file.verdict) || file.verdict === 'partial';

const dismiss = report => element('button', { type: 'button', class: 'plain', onclick: () => report.remove() }, t('dismiss'));

function verdictOf(file) {
  const kind = Good.includes(file.verdict) ? 'good' : file.verdict === 'partial' ? 'partly' : 'bad';
  const remarks = file.remarks.slice(0, 5).map(remark => element('li', {}, `${t('page', remark.page)}: ${remark.reason}`));
  return element('li', {},
    element('span', { class: `verdict ${kind}` }, t(`v-${file.verdict}`)), element('span', { class: 'file-name' }, file.path), file.message ? element('p', { class: 'hint' }, file.message) : null,
    remarks.length > 0 ? element('ul', { class: 'hint' }, remarks) : null);
}
