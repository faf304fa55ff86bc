// Builds elements. Text only ever becomes text: nothing here, nor anywhere on the page, parses markup.

const Svg = 'http://www.w3.org/2000/svg';

/** element('a', { class: 'x', href: '#', onclick: f }, 'text', child, …). Null children and attributes are left out. */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function drawing(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(Svg, tag), attributes, children);
}

export const byId = id => document.getElementById(id);

/** Says something to those who cannot see it. */
export function announce(text) {
  byId('status').textContent = text;
}

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return made;
}
