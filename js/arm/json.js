// JSON text to a tree in which everything has its place, so that a finding in a rule can name a line of its template.

const MAX_DEPTH = 64;

/**
 * A node has `at`, where it begins in the text, and one of `items` (a list of nodes), `members` (a Map from a key to `{at, node}`)
 * and `value` (a string, a number, true, false or null). Throws a SyntaxError for what is no JSON, and a RangeError for what nests
 * too deep.
 */
export function parseJson(text) {
  JSON.parse(text); // it knows what JSON is; below, only where it stands
  let at = 0;
  return node(0);

  function skip() { while (/[\s,:]/.test(text[at])) at += 1; }

  function node(depth) {
    if (depth > MAX_DEPTH) throw new RangeError(`it nests more than ${MAX_DEPTH} levels`);
    skip();
    const begin = at;
    if (text[at] === '"') return { at: begin, value: string() };
    if (text[at] === '[') {
      const items = [];
      for (at += 1, skip(); text[at] !== ']'; skip()) items.push(node(depth + 1));
      at += 1;
      return { at: begin, items };
    }
    if (text[at] === '{') {
      const members = new Map();
      for (at += 1, skip(); text[at] !== '}'; skip()) {
        const key = { at, name: string() };
        members.set(key.name, { at: key.at, node: node(depth + 1) });
      }
      at += 1;
      return { at: begin, members };
    }
    while (at < text.length && !/[\s,:[\]{}"]/.test(text[at])) at += 1;
    return { at: begin, value: JSON.parse(text.slice(begin, at)) };
  }

  function string() {
    const begin = at;
    for (at += 1; text[at] !== '"'; at += 1) if (text[at] === '\\') at += 1;
    at += 1;
    return JSON.parse(text.slice(begin, at));
  }
}

/** The member of a node by one of its names, unless it is null: ARM's own keys differ in case between versions. */
export function member(node, ...names) {
  for (const name of names) {
    const found = node?.members?.get(name)?.node;
    if (found && found.value !== null) return found;
  }
  return undefined;
}

/** A node as a plain value. */
export function plain(node) {
  if (node.items) return node.items.map(plain);
  // Without a prototype: a key may be __proto__.
  if (node.members) return Object.assign(Object.create(null), Object.fromEntries([...node.members].map(([key, { node: value }]) => [key, plain(value)])));
  return node.value;
}

/** Where the n-th UTF-16 unit of a string's value stands, whose quotes begin at `begin`. */
export function insideString(text, begin, units) {
  let at = begin + 1;
  for (let n = 0; n < units && at < text.length && text[at] !== '"'; n += 1) {
    at += text[at] !== '\\' ? 1 : text[at + 1] === 'u' ? 6 : 2;
  }
  return at;
}
