// Pieces of the catalogue's pages. Everything from a rule goes through `markup`.

import { markup } from '../cli/terminal.js';
import { queryTokens } from '../triage.js';
import { visibleLines } from '../visible.js';
import { KEYWORDS, OPERATORS } from '../words.js';

export { markup };

/** A text of lines as text of a `<pre>`. */
export const preformatted = (text) => visibleLines(text.replace(/\r\n?/g, '\n')).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/** A whole page. `root` leads from it to the catalogue's folder. */
export function page({ title, site, root, body, current, feed }) {
  const link = (path, name) => `<a href="${root}${path}"${path === current ? ' aria-current="page"' : ''}>${name}</a>`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${markup(title === site ? site : `${title} · ${site}`)}</title>
<link rel="stylesheet" href="${root}style.css">
<link rel="icon" href="${root}icon.svg">
${feed ? `<link rel="alternate" type="application/atom+xml" title="${markup(site)}" href="${root}feed.xml">\n` : ''}<script src="${root}script.js" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<p class="site"><a href="${root}index.html">${markup(site)}</a></p>
<nav aria-label="Catalogue">${link('index.html', 'Rules')} ${link('attack/index.html', 'ATT&amp;CK')}</nav>
<button type="button" id="theme" hidden>Theme: auto</button>
</header>
<main id="content">
${body}
</main>
</body>
</html>
`;
}

/** The level of an alert: a word with its colour. */
export const severity = (level) => `<span class="severity ${markup(level.toLowerCase())}">${markup(level)}</span>`;

const WORDS = new Set([...OPERATORS, ...KEYWORDS]);

/** A query, coloured by the engine's own words. */
export function kql(query) {
  let at = 0;
  let out = '';
  const between = (text) => text.split(/(\/\/.*)/).map((part, i) => (i % 2 === 1 ? `<span class="c">${markup(part)}</span>` : preformatted(part))).join('');
  const tokens = queryTokens(query);
  for (const [i, { start, end, kind }] of tokens.entries()) {
    const word = query.slice(start, end);
    const called = tokens[i + 1] && query[tokens[i + 1].start] === '(';
    const style = kind === 'text' ? 's' : kind === 'literal' ? 'n' : kind !== 'name' ? '' : WORDS.has(word) ? 'k' : called ? 'f' : '';
    out += between(query.slice(at, start)) + (style && word ? `<span class="${style}">${preformatted(word)}</span>` : preformatted(word));
    at = end;
  }
  return out + between(query.slice(at));
}
