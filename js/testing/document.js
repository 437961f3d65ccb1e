// A YAML file as plain values, with the line of each.

import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { ForepostError } from '../errors.js';

/** A test file is wrong, or names what is not there. */
export class TestFileError extends ForepostError {
  constructor(file, { line = 1, column = 1 } = {}, message) {
    super('bad-test-file', `${file}:${line}:${column}: ${message}`);
    Object.assign(this, { file, line, column, reason: message });
  }

  get name() { return 'TestFileError'; }
}

/** A parsed file: `value`, and where the value at a path of keys stands. */
export class Document {
  #document;
  #lines = new LineCounter();
  #padded;
  #indented;

  constructor(file, text) {
    this.file = file;
    // As the file is written.
    this.#padded = /[{[] /.test(text);
    this.#indented = !/^(\s*)[\w'"]+:\s*(?:#.*)?\n\1- /m.test(text);
    this.#document = parseDocument(text, { version: '1.2', merge: true, intAsBigInt: true, lineCounter: this.#lines });
    const [wrong] = [...this.#document.errors, ...this.#document.warnings];
    if (wrong) throw new TestFileError(file, this.#place(wrong.pos[0]), wrong.message.split('\n')[0].replace(/ at line \d+, column \d+:?$/, ''));
    this.#refuseLostDigits(this.#document.contents);
    try {
      this.value = settled(this.#document.toJS({ maxAliasCount: 100 }));
    } catch (error) {
      throw new TestFileError(file, {}, error.message); // too many aliases, or nested too deep
    }
  }

  /** `{line, column}` of the value at a path of keys, or of the nearest value around it. */
  at(path = []) {
    let node = this.#document.contents;
    let start = node?.range?.[0] ?? 0;
    for (const key of path) {
      if (isAlias(node)) node = node.resolve(this.#document);
      const found = isMap(node) ? node.items.find((pair) => isPair(pair) && String(pair.key?.value ?? pair.key) === String(key)) : undefined;
      const next = isSeq(node) ? node.items[key] : found?.value;
      start = found?.key?.range?.[0] ?? next?.range?.[0] ?? start;
      if (!next) break;
      node = next;
    }
    return this.#place(start);
  }

  /** Puts another value at a path. Comments and everything else stay. */
  set(path, value) {
    const before = this.#document.getIn(path, true);
    if (isScalar(before) && (value === null || typeof value !== 'object')) before.value = value;
    else {
      const node = this.#document.createNode(value);
      Object.assign(node, { comment: before?.comment, commentBefore: before?.commentBefore }, before?.flow && { flow: true });
      this.#document.setIn(path, node);
    }
  }

  /** The text of the file as it is now. */
  toString() { return this.#document.toString({ lineWidth: 0, flowCollectionPadding: this.#padded, indentSeq: this.#indented }); }

  /** An error about the value at a path. */
  error(path, message) { return new TestFileError(this.file, this.at(path), message); }

  #place(offset) {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** An account id without quotes is a number to YAML, and one that begins with 0 would silently be another. */
  #refuseLostDigits(root) {
    const pending = [root];
    while (pending.length > 0) {
      const node = pending.pop();
      if (isPair(node)) pending.push(node.key, node.value);
      else if (isMap(node) || isSeq(node)) pending.push(...node.items);
      else if (isScalar(node) && typeof node.value === 'bigint' && /^[-+]?0\d/.test(node.source ?? '')) {
        throw new TestFileError(this.file, this.#place(node.range[0]), `${node.source} is a number without its zeros; write '${node.source}'`);
      }
    }
  }
}

/** Integers as numbers where they fit. */
function settled(value) {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(settled);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, settled(inner)]));
}
