// What Fluent Bit (5.1) does around the module, as far as the recipes use it: an imitation by its configuration, for Fluent Bit itself is in no
// registry. Each oddity below was seen in the real one.

import assert from 'node:assert/strict';
import { Host } from './host.js';

const DEEPEST = 63; // its JSON parser gives up on more levels

/** A classic configuration as `[{section, key: value, …}]`. */
export function sectionsOf(text) {
  const sections = [];
  for (const line of text.split('\n')) {
    const [, section] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key, value] = /^ {4}([\w.]+) +(.+)$/.exec(line) ?? [];
    if (section) sections.push({ section: section.toLowerCase() });
    else if (key) sections.at(-1)[key] = value;
    else assert.match(line, /^(?:#.*)?$/, 'a line of a configuration');
  }
  return sections;
}

/** What goes out, a line each, when these bytes come in. `said`: what stands in its log. */
export function run(configuration, input, module) {
  const sections = sectionsOf(configuration);
  const of = (section) => sections.filter((one) => one.section === section);
  const [service] = of('service');
  const [output] = of('output');
  const said = [];
  let records = [...INPUTS[of('input')[0].name](of('input')[0], input, said)];
  for (const filter of of('filter')) records = FILTERS[filter.name](filter, records, module);
  const dated = (record) => (output.json_date_key === 'false' ? record : { date: 1773277200.5, ...record });
  const lines = records.map((record) => JSON.stringify(dated(record)));
  return { said, lines: service['json.escape_unicode'] === 'off' ? lines : lines.map(ascii) };
}

const ascii = (text) => text.replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** One record; undefined where the parser gives up. */
function parsed(text) {
  if (nesting(text) > DEEPEST) return undefined;
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function nesting(text) {
  let depth = 0;
  let most = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{' || token === '[') most = Math.max(most, depth += 1);
    else if (token !== '"' && token.length === 1) depth -= 1;
  }
  return most;
}

const bytesOf = (size) => Number(/^\d+/.exec(size)[0]) << (/M$/.test(size) ? 20 : 0);

const INPUTS = {
  /** Each line of a command; cut where it is longer than the buffer, or holds a zero byte. */
  * exec({ parser, buf_size: size = '4096' }, input, said) {
    for (const whole of input.split('\n').filter(Boolean)) {
      for (let at = 0; at < whole.length; at += bytesOf(size) - 1) {
        const line = whole.slice(at, at + bytesOf(size) - 1).split('\0')[0];
        const record = parser ? parsed(line) : { exec: line };
        if (record) yield record;
        else said.push('parser returned an error');
      }
    }
  },

  /** The parser gets all that was read at once, and takes no more than one record. */
  * stdin({ parser }, input) {
    const record = parser ? parsed(input.trim()) : undefined;
    if (parser && record) yield record;
    else if (!parser) yield* input.split('\n').filter(Boolean).map(parsed);
  },

  /** A line that the parser gives up on stays as text. */
  * tail({ parser, buffer_max_size: size = '32768' }, input) {
    for (const line of input.split('\n').filter(Boolean)) if (line.length < bytesOf(size)) yield (parser && parsed(line)) || { log: line };
  },
};

const FILTERS = {
  wasm({ function_name: name, event_format: format }, records, module) {
    assert.equal(format, 'json');
    const host = new Host(module);
    return records.map((record) => host.call(name, JSON.stringify(record))).filter(Boolean).map((text) => JSON.parse(text));
  },
};
