// Colours and language: what a reader chose stays chosen.

import { byId } from './dom.js';
import { language, t, translate } from './words.js';

const Themes = ['auto', 'light', 'dark'];

let theme = new URLSearchParams(location.search).get('theme') ?? localStorage.getItem('theme') ?? 'auto';

export function startLooks() {
  translate();
  byId('theme').addEventListener('click', () => {
    theme = Themes[(Themes.indexOf(theme) + 1) % Themes.length];
    localStorage.setItem('theme', theme);
    show();
  });
  byId('language').addEventListener('click', () => {
    localStorage.setItem('language', language === 'zh' ? 'en' : 'zh');
    location.search = '';
  });
  byId('language').lang = language === 'zh' ? 'en' : 'zh-CN';
  byId('language').textContent = t('language');
  show();
}

function show() {
  if (!Themes.includes(theme)) theme = 'auto';
  document.documentElement.dataset.theme = theme;
  byId('theme').textContent = t('theme', t(theme));
}
