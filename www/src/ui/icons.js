// Drawn, not typed: shapes that tell severities apart without colour, and a few signs.

import { h, svg } from '../dom.js';

const icon = (name, ...shapes) => svg('svg', { class: `icon ${name}`, viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' }, ...shapes);
const path = (d) => svg('path', { d });

const SHAPES = {
  High: () => path('M8 1.500 15 14H1z'),
  Medium: () => path('M8 1 15 8 8 15 1 8z'),
  Low: () => svg('circle', { cx: 8, cy: 8, r: 5.5 }),
  Informational: () => svg('circle.hollow', { cx: 8, cy: 8, r: 4.8 }),
};

export const severityIcon = (name) => icon(`severity ${name.toLowerCase()}`, (SHAPES[name] ?? SHAPES.Informational)());

/** Shape and word. */
export const severity = (name) => h('span.sev', severityIcon(name), h('span', name));

export const tick = () => icon('yes', path('M3 8.500 6.500 12 13 4.500'));
export const cross = () => icon('no', path('M4 4l8 8M12 4l-8 8'));
export const dash = () => icon('none', path('M4 8h8'));
export const chevron = () => icon('chevron', path('M6 4l4 4-4 4'));
export const close = () => icon('stroke', path('M4 4l8 8M12 4l-8 8'));
export const lock = () => icon('stroke', path('M4 7.500h8v6H4zM5.500 7.500V5a2.500 2.500 0 0 1 5 0v2.500'));
export const down = () => icon('stroke', path('M8 2v9M4 7.500 8 11.500l4-4M3 14h10'));
export const folder = () => icon('stroke', path('M1.500 4h5l1.500 2h6.500v7.500h-13z'));
export const plus = () => icon('stroke', path('M8 3v10M3 8h10'));
export const minus = () => icon('stroke', path('M3 8h10'));
export const star = () => icon('stroke', path('M8 1.500l2 4.300 4.700.600-3.500 3.200.900 4.700L8 12l-4.100 2.300.900-4.700L1.300 6.400 6 5.800z'));
export const info = () => icon('stroke', path('M8 7.500v4M8 4.800v.2M8 1.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13z'));
