// A small part of Markdown as elements: headings, lists, quotes, code, emphasis, tables no. Every letter of the text ends as text; links stay words,
// because what a document links to is nobody's promise. Marks like [2] become buttons where there is a source of that number.

import { element } from './dom.js';

const Inline = /(`[^`\n]+`)|\*\*([^*\n]+)\*\*|\*([^*\s][^*\n]*)\*|\[(\d{1,2})\]/g;

const Quoted = /^[“"]([^]*)[”"]((?:\s*\[\d{1,2}\])+)\s*$/;

/** @param mark makes the button of a source by its number, or null where there is no such source. */
export function markdown(text, mark) {
  const blocks = [];
  for (const part of text.split(/(^```[^]*?(?:^```[ \t]*$|(?![^])))/m)) {
    if (part.startsWith('```')) blocks.push(element('pre', { tabindex: 0 }, element('code', {}, part.replace(/^```[^\n]*\n?/, '').replace(/\n?```\s*$/, ''))));
    else for (const block of part.split(/\n{2,}/)) if (block.trim()) blocks.push(...paragraphs(block.replace(/^\n+|\s+$/g, ''), mark));
  }
  return blocks;
}

function paragraphs(block, mark) {
  const lines = block.split('\n');
  const heading = /^(#{1,4})\s+(.*)$/.exec(lines[0]);
  if (heading) {
    const rest = lines.slice(1).join('\n').trim();
    return [element('h3', {}, ...inline(heading[2], mark)), ...rest ? paragraphs(rest, mark) : []];
  }
  const quoted = Quoted.exec(block);
  if (quoted) return [element('blockquote', { class: 'lead' }, ...inline(quoted[1], () => null), ' ', ...inline(quoted[2].trim(), mark))];
  if (lines.every(line => /^>\s?/.test(line))) return [element('blockquote', {}, ...markdown(lines.map(line => line.replace(/^>\s?/, '')).join('\n'), mark))];
  const first = lines.findIndex(line => item(line));
  if (first < 0) return [element('p', {}, ...inline(block, mark))];
  return [...first > 0 ? [element('p', {}, ...inline(lines.slice(0, first).join('\n'), mark))] : [], listOf(lines.slice(first), mark)];
}

function listOf(lines, mark) {
  const items = [];
  for (const line of lines) {
    const found = item(line);
    if (found) items.push(found[2]);
    else items[items.length - 1] += `\n${line.trim()}`;
  }
  const start = Number.parseInt(item(lines[0])[1], 10);
  const children = items.map(text => element('li', {}, ...inline(text, mark)));
  return Number.isNaN(start) ? element('ul', {}, children) : element('ol', { start }, children);
}

const item = line => /^\s*([-*•]|\d{1,3}[.)])\s+(.*)$/.exec(line);

function inline(text, mark) {
  const made = [];
  let end = 0;
  for (const found of text.matchAll(Inline)) {
    const [whole, code, strong, emphasis, source] = found;
    const node = code ? element('code', {}, code.slice(1, -1)) : strong ? element('strong', {}, strong) : emphasis ? element('em', {}, emphasis) : mark(Number(source));
    if (!node) continue;
    made.push(text.slice(end, found.index), node);
    end = found.index + whole.length;
  }
  made.push(text.slice(end));
  return made;
}
