// The line between the list and the detail: dragged, moved with the arrow keys, or clicked for the wide view and back.

import { h } from '../dom.js';

const LEAST = 25;              // per cent of the page's width
const MOST = 65;
const USUAL = 40;
const STEP = 2;
const KEPT = 'detail-width';

const within = (share) => Math.min(MOST, Math.max(LEAST, Math.round(share)));

export function splitter(app) {
  let share = kept();
  let drag;
  const element = h('div.splitter', {
    role: 'separator', tabindex: 0, 'aria-orientation': 'vertical', 'aria-label': 'Width of the detail', 'aria-valuemin': LEAST, 'aria-valuemax': MOST, title: 'Drag, or click for wide and back (arrow keys)',
    onpointerdown: (e) => { if (e.button) return; element.setPointerCapture(e.pointerId); drag = e.clientX; },
    onpointermove: (e) => { if (drag !== undefined && Math.abs(e.clientX - drag) > 3) to((100 * (innerWidth - e.clientX)) / innerWidth); },
    onpointerup: (e) => {
      // Whoever cannot drag clicks.
      if (drag !== undefined && Math.abs(e.clientX - drag) <= 3) to(share > USUAL + 5 ? USUAL : MOST - 5);
      drag = undefined;
      keep(share);
    },
    onpointercancel: () => { drag = undefined; },
    onkeydown: (e) => {
      const next = { ArrowLeft: share + STEP, ArrowRight: share - STEP, Home: LEAST, End: MOST, Enter: USUAL }[e.key];
      if (next === undefined || e.ctrlKey || e.metaKey || e.altKey) return;
      e.preventDefault();
      to(next);
      keep(share);
    },
  });
  const to = (wanted) => {
    share = within(wanted);
    app.element.style.setProperty('--detail', `${share}%`);
    element.setAttribute('aria-valuenow', share);
    element.setAttribute('aria-valuetext', `${share} % of the page`);
  };
  to(share);
  return element;
}

function kept() {
  try { return within(Number(localStorage.getItem(KEPT)) || USUAL); } catch { return USUAL; }
}

function keep(share) {
  try { localStorage.setItem(KEPT, share); } catch { /* not kept then */ }
}
