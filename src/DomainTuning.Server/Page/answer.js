// One answer: it streams in, leads with its quote, and ends with its sources and how long it took.

import { call, events } from './api.js';
import { partsOf, nameOf } from './arms.js';
import { announce, element } from './dom.js';
import { markdown } from './markdown.js';
import { openPage } from './viewer.js';
import { number, seconds, t } from './words.js';

export class AnswerCard {
  constructor(arm, { named = false } = {}) {
    this.arm = arm;
    this.text = '';
    this.citations = [];
    this.body = element('div', { class: 'answer' });
    this.foot = element('div', { class: 'foot' });
    this.root = element('article', { class: 'card', 'aria-label': nameOf(arm) }, named ? element('h3', { class: 'arm-name' }, nameOf(arm)) : null, this.body, this.foot);
  }

  /** A saved answer. */
  show({ content, citations, not_in_documents: refused, stopped }) {
    this.text = content;
    this.citations = citations ?? [];
    this.refused = refused;
    this.draw();
    this.foot.replaceChildren(...this.sources(), this.meta([nameOf(this.arm), stopped ? t('stopped') : null]));
    return this;
  }

  /** Asks, and draws what comes. Throws only what the caller must know: nothing; an error is part of the answer. */
  async ask(messages, { signal, conversation } = {}) {
    const started = performance.now();
    let first = null;
    let usage = null;
    this.body.classList.add('waiting');
    this.body.replaceChildren(element('p', { class: 'thinking' }, t(partsOf(this.arm).corpus ? 'thinking' : 'thinking-alone')));
    try {
      const response = await call('/v1/chat/completions', {
        method: 'POST', signal, body: { model: this.arm, messages, stream: true, stream_options: { include_usage: true }, ...conversation ? { conversation } : {} },
      });
      for await (const { data } of events(response)) {
        if (data.error) throw new Error(data.error.message);
        usage = data.usage ?? usage;
        const delta = data.choices[0]?.delta;
        if (delta?.content) {
          first ??= performance.now();
          this.text += delta.content;
          this.drawSoon();
        }
        if (delta?.not_in_documents) this.refused = true;
        if (delta?.citations) this.citations = delta.citations;
      }
      this.done = true;
    } catch (error) {
      this.error = error.name === 'AbortError' ? t('stopped') : error.message;
    }
    this.body.classList.remove('waiting');
    this.draw();
    const whole = (performance.now() - started) / 1000;
    this.foot.replaceChildren(...this.sources(), this.meta([
      nameOf(this.arm), first ? t('first-after', seconds((first - started) / 1000)) : null, t('took', seconds(whole)), usage?.completion_tokens ? t('tokens', number(usage.completion_tokens)) : null,
    ]));
    announce(this.error ?? this.text);
    return this;
  }

  drawSoon() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = null;
      this.draw();
    });
  }

  draw() {
    this.body.replaceChildren(
      ...this.refused ? [element('p', { class: 'refused' }, t('refused'))] : [], ...markdown(this.text, n => this.mark(n)), ...this.error ? [element('p', { class: 'error' }, this.error)] : []);
  }

  /** While the answer streams its sources are not known yet: the numbers stand as they will. */
  mark(n) {
    const citation = this.citations.find(one => one.number === n);
    if (!citation) return this.body.classList.contains('waiting') ? element('span', { class: 'mark-number' }, n) : null;
    return element('button', {
      type: 'button', class: 'mark-number', 'aria-label': t('open-page', n, citation.file, citation.page), title: `${citation.file}, ${t('page', citation.page)}`, onclick: event => this.open(citation, event.currentTarget),
    }, n);
  }

  sources() {
    if (this.citations.length === 0) return [];
    return [element('div', { class: 'sources' }, element('h4', {}, t('sources')), element('ol', {}, this.citations.map(citation => element('li', {},
      element('button', { type: 'button', class: 'source', onclick: event => this.open(citation, event.currentTarget) },
        element('span', { class: 'mark-number', 'aria-hidden': 'true' }, citation.number),
        element('span', { class: 'source-words' }, element('span', { class: 'source-file' }, citation.file), ' ', element('span', { class: 'source-page' }, pageOf(citation)), element('span', { class: 'source-quote' }, citation.quote)))))))];
  }

  meta(words) {
    const copy = element('button', {
      type: 'button', class: 'plain', onclick: async () => {
        await navigator.clipboard.writeText(this.text);
        copy.textContent = t('copied');
      },
    }, t('copy'));
    return element('p', { class: 'meta' }, element('span', {}, words.filter(Boolean).join(' · ')), this.text ? copy : null);
  }

  open(citation, from) {
    for (const other of document.querySelectorAll('.mark-number.open, .source.open')) other.classList.remove('open');
    from.classList.add('open');
    openPage({ corpus: partsOf(this.arm).corpus, document: citation.document_id, file: citation.file, page: citation.page, boxes: citation.boxes, quote: citation.quote }, from);
  }
}

function pageOf(citation) {
  const printed = citation.page_label && citation.page_label !== String(citation.page) ? ` (${t('printed', citation.page_label)})` : '';
  return t('page', citation.page) + printed;
}
