// The page: which of its places is shown (#/, #/c/ID, #/compare, #/library), and where a question goes.

import { chosenArm, describe, loadArms, startArms } from './page/arms.js';
import { askCompared, canCompare, showCompare } from './page/compare.js';
import { showConversations, startConversations } from './page/conversations.js';
import { byId, element } from './page/dom.js';
import { startKeys } from './page/keys.js';
import { addFiles, leaveLibrary, showLibrary, startLibrary } from './page/library.js';
import { startLooks } from './page/looks.js';
import { askThread, showThread } from './page/thread.js';
import { startDropping } from './page/upload.js';
import { closePage } from './page/viewer.js';
import { t } from './page/words.js';

let place = null;
let running = null; // the AbortController of what is being answered

async function go() {
  const [, name, id] = location.hash.split('/');
  place = name === 'compare' || name === 'library' ? name : 'chat';
  running?.abort();
  closePage();
  leaveLibrary();
  showSide(false);
  document.body.dataset.place = place;
  byId('picker').hidden = place !== 'chat';
  byId('arms').hidden = place !== 'compare';
  byId('ask').hidden = place === 'library';
  byId('send').disabled = false;
  for (const link of document.querySelectorAll('.places [data-place]')) if (link.dataset.place === place) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  hint();
  try {
    if (place === 'chat') await showThread(name === 'c' ? id : null);
    else {
      await showConversations(null);
      await (place === 'compare' ? showCompare() : showLibrary());
    }
  } catch (error) {
    byId('main').replaceChildren(element('div', { class: 'turns' }, element('p', { class: 'error', role: 'alert' }, error.message)));
  }
  if (place !== 'library' && matchMedia('(min-width: 60rem)').matches) byId('question').focus({ preventScroll: true });
}

function hint() {
  byId('arm-hint').textContent = place === 'chat' && chosenArm() ? describe(chosenArm()) : '';
}

async function submit(event) {
  event.preventDefault();
  if (running) return running.abort();
  const text = byId('question').value.trim();
  if (!text || (place === 'compare' && !canCompare())) return;
  byId('question').value = '';
  grow();
  running = new AbortController();
  byId('send').textContent = t('stop');
  try {
    await (place === 'compare' ? askCompared(text, running.signal) : askThread(text, running.signal));
  } finally {
    running = null;
    byId('send').textContent = t('ask');
  }
}

/** As high as its text, to a limit that the style sheet sets. */
function grow() {
  const question = byId('question');
  question.rows = Math.min(8, Math.max(1, question.value.split('\n').length));
}

function showSide(isShown) {
  document.body.classList.toggle('side-shown', isShown);
  byId('side-open').setAttribute('aria-expanded', String(isShown));
}

async function start() {
  startLooks();
  startKeys();
  startArms(hint);
  startConversations(() => { location.hash = '#/'; });
  startLibrary(() => loadArms().catch(() => {}));
  startDropping(async files => {
    if (place !== 'library') {
      history.pushState(null, '', '#/library');
      await go();
    }
    await addFiles(files);
  });
  byId('ask').addEventListener('submit', submit);
  byId('question').addEventListener('input', grow);
  byId('question').addEventListener('keydown', event => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!running) byId('ask').requestSubmit();
  });
  byId('side-open').addEventListener('click', () => showSide(true));
  byId('side-close').addEventListener('click', () => showSide(false));
  byId('new').addEventListener('click', () => { if (location.hash === '#/' || location.hash === '') go(); });
  addEventListener('keydown', event => {
    if (event.key === 'Escape' && !closePage()) showSide(false);
  });
  addEventListener('hashchange', go);
  try {
    await loadArms();
  } catch (error) {
    byId('arm-hint').textContent = error.message;
  }
  await go();
}

start();
