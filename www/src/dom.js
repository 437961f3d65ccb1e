// Making elements. Text goes in as text: there is no way here to make HTML of it. Control and direction characters of any text show
// as \u{…}, so that no log can turn a line around; the style sheet isolates what is written from right to left.

import { visibleLines } from 'forepost/visible.js';

const SVG = 'http://www.w3.org/2000/svg';

/** `h('button.primary', {onclick, title}, 'Add files')`. Attributes that are false, null or undefined are left out. */
export function h(tag, ...rest) {
  const [name, ...classes] = tag.split('.');
  return fill(document.createElement(name), classes, rest);
}

/** The same for SVG. */
export function svg(tag, ...rest) {
  const [name, ...classes] = tag.split('.');
  return fill(document.createElementNS(SVG, name), classes, rest);
}

function fill(element, classes, rest) {
  if (classes.length) element.setAttribute('class', classes.join(' '));
  const attributes = isAttributes(rest[0]) ? rest.shift() : {};
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'value' || key === 'checked' || key === 'indeterminate') element[key] = value;
    else if (key === 'class') element.setAttribute('class', [...classes, value].filter(Boolean).join(' '));
    else element.setAttribute(key, value === true ? '' : typeof value === 'string' && !key.startsWith('data-') ? visibleLines(value) : value);
  }
  element.append(...rest.flat(Infinity).filter(isChild).map(shown));
  return element;
}

const isChild = (child) => child !== null && child !== undefined && child !== false && child !== '';
const shown = (child) => (typeof child === 'string' ? visibleLines(child) : child);

const isAttributes = (value) => value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Node);

/**
 * Replaces what is in an element; the focus stays on what has the same `data-key`, and with it what is being typed there. Nothing here is measured: that would lay out
 * the page each time.
 */
export function mount(element, ...children) {
  const before = element.contains(document.activeElement) ? document.activeElement : undefined;
  const key = before?.dataset?.key;
  const { value, selectionStart, selectionEnd } = before ?? {};
  element.replaceChildren(...children.flat(Infinity).filter(isChild).map(shown));
  const after = key && element.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!after) return;
  after.focus({ preventScroll: true });
  if (!Number.isInteger(selectionStart) || after.tagName !== before.tagName) return; // no text is typed there
  after.value = value;
  after.setSelectionRange(selectionStart, selectionEnd);
}

/** Copies text and says so. */
export async function copy(text, say) {
  try {
    await navigator.clipboard.writeText(text);
    say('Copied.');
  } catch {
    const area = h('textarea', { 'aria-hidden': 'true', class: 'offscreen', value: text });
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    say(done ? 'Copied.' : 'The browser blocked copying.');
  }
}

/** Hands a file to the browser to save. */
export function save(name, blob) {
  const url = URL.createObjectURL(blob);
  const link = h('a', { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
