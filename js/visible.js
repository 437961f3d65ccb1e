// What came from outside, safe to show: logs are an attacker's to write.

// Controls, formats (directions, zero widths, tags), separators of lines, and letters that show as nothing.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

const escape = (c) => `\\u{${c.codePointAt(0).toString(16)}}`;

/** Control and direction characters could repaint a terminal or turn a line around: they show as \u{…}. */
export const visible = (text) => text.replace(UNSAFE, escape);

/** The same, but tabs and line ends stay. */
export const visibleLines = (text) => text.replace(UNSAFE, (c) => ('\t\n\r'.includes(c) ? c : escape(c)));
