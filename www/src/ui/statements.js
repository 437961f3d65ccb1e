// A text with several statements, parted by empty lines as in Azure Data Explorer.

/** `[{start, end}]`. A part that ends with `;` goes on in the next one. */
export function statements(text) {
  const parts = [];
  let open;
  let at = 0;
  for (const block of text.split(/(\n[ \t]*(?:\n[ \t]*)+)/)) {
    const start = at;
    at += block.length;
    if (!block.trim()) continue;
    const end = start + block.trimEnd().length;
    if (open) open.end = end;
    else parts.push(open = { start, end });
    if (!withoutComments(block).trimEnd().endsWith(';')) open = undefined;
  }
  return parts;
}

const withoutComments = (text) => text.replace(/^[^"'\n]*?\/\/.*$/gm, (line) => line.slice(0, line.indexOf('//')));

/** The statement at a place, or the one before it. */
export function statementAt(text, place) {
  const parts = statements(text);
  return parts.findLast(({ start }) => start <= place) ?? parts[0];
}

/** What a query asks to be drawn as. */
export const renderOf = (text) => /\|\s*render\s+(\w+)/.exec(text.replace(/\/\/.*$/gm, ''))?.[1];
