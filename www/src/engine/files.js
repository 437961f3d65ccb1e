// What was dropped or picked, as a flat list of files: logs, rules, and what can be a table or a function.

import { expandArm } from 'forepost/arm.js';
import { toldApart } from 'forepost/arm/functions.js';
import { decodeText, joined } from 'forepost/bytes.js';
import { isFunctionTemplate, isLogByName, isRuleByName, isTemplate, isTestByName, LOOKED_AT, mentionsEvents, suppliedByName, whyNoLog } from 'forepost/logfile.js';
import { mayOpen } from './archives.js';

const AT_ONCE = 64;            // files that are looked at together
const LARGEST_TEMPLATE = 8 << 20;
const SMALL = LOOKED_AT;       // bytes of a file that is read as a whole to look at it; the reader gets what was read
const HELD = 64 << 20;         // bytes that are held so for the readers

/**
 * Splits `[{file, path}]` into logs (small ones with their `bytes`, if they had to be looked at), rule files, functions, what is `unclear` (a table by its name, or a
 * log) and `passedOver` with the `reason`: what `forepost scan` would pass over. A file that was picked by itself is read whatever it is. Archives of rules are opened by `engine`.
 */
export async function sort(given, engine, looked = () => {}) {
  const files = [];
  const failed = [];
  for (const entry of given) {
    const inside = mayOpen(entry) ? await engine.ask('open', entry) : undefined;
    files.push(...inside?.files ?? [entry]);
    failed.push(...inside?.failed ?? []);
  }
  const sorted = { rules: [], logs: [], functions: [], unclear: [], passedOver: failed };
  let breath = performance.now();
  let held = 0;
  for (let at = 0; at < files.length; at += AT_ONCE) {
    if (performance.now() - breath > 30) {
      looked(at);
      await new Promise((resolve) => { setTimeout(resolve); });
      breath = performance.now();
    }
    // To look at a file makes the browser ask the system: many are asked at once.
    const part = await Promise.all(files.slice(at, at + AT_ONCE).map(look));
    for (const { reason, kind, ...entry } of part) {
      held += entry.bytes?.length ?? 0;
      if (held > HELD) entry.bytes = undefined;
      if (reason) sorted.passedOver.push({ path: entry.path, reason });
      else sorted[kind].push(entry);
    }
  }
  return sorted;
}

async function look({ file, path }) {
  const looked = await startOf(file).catch(() => undefined);
  if (!looked) return { file, path, kind: 'logs' }; // what is wrong with it is said when it is read
  const { size, bytes } = looked;
  const start = bytes.subarray(0, LOOKED_AT);
  const rule = isRuleByName(path) || (/\.json$/i.test(path) && size <= LARGEST_TEMPLATE && (isTemplate(path, start) || isFunctionTemplate(path, start)));
  const supplied = suppliedByName(path);
  const isFunction = supplied?.kind === 'function';
  const reason = path.includes('/') ? whyNot({ path, size, start }, rule || isFunction) : undefined;
  const unclear = !reason && !rule && size > 0 && supplied?.kind === 'table' && (/\.(csv|gz)$/i.test(path) || !mentionsEvents(start));
  const kind = rule ? 'rules' : isFunction ? 'functions' : unclear ? 'unclear' : 'logs';
  return { file, path, size, kind, reason, stem: unclear ? supplied.stem : undefined, bytes: size <= SMALL && !rule && !reason ? bytes : undefined };
}

/** The size of a file and its first bytes; of a small one all. To ask for the size alone takes the browser as long as to read a small file, and it waits meanwhile. */
async function startOf(file) {
  const reader = file.stream().getReader();
  const chunks = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    chunks.push(part.value);
    length += part.value.length;
    if (length <= SMALL) continue;
    reader.cancel().catch(() => { /* it was read far enough */ });
    return { size: file.size, bytes: joined(chunks) };
  }
  return { size: length, bytes: joined(chunks) };
}

function whyNot({ path, size, start }, known) {
  if (path.split('/').some((part) => part.startsWith('.'))) return 'hidden';
  if (isTestByName(path)) return 'tests of a rule';
  if (known || isLogByName(path, size)) return undefined;
  return whyNoLog(path, start);
}

/**
 * `{rules: [{file, text}], functions, leftOut: [{path, reason}]}` of rule files: those in ARM form become YAML, which the page shows and edits. YAML of a saved function is
 * none; a template may have rules, functions or both.
 */
export async function readRules(entries) {
  const read = await Promise.all(entries.map(async (entry) => ({ entry, file: entry.path, text: decodeText(new Uint8Array(await entry.file.arrayBuffer())) })));
  const told = toldApart(read);
  const rules = expandArm(told.rules.map(({ file, text }) => ({ file, text })));
  const leftOut = rules.flatMap(({ arm }) => arm?.findings ?? []).filter(({ code }) => code === 'FP501').map(({ file, message }) => ({ path: file, reason: message }));
  return { rules: rules.map(({ file, text, arm }) => ({ file: arm ? `${file}.yaml` : file, text })), functions: told.functions.map(({ entry }) => entry), leftOut };
}

/** The files of an <input>. */
export const fromInput = (input) => Array.from(input.files, (file) => ({ file, path: file.webkitRelativePath || file.name }));

/**
 * The files of a drop, folders walked; `found` is told how many there are so far. Call it in the event itself: the entries are
 * gone later.
 */
export async function fromDrop(transfer, found = () => {}) {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return Array.from(transfer.files, (file) => ({ file, path: file.name }));
  const files = [];
  const walk = async (entry) => {
    if (!entry.isDirectory) {
      const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
      files.push({ file, path: entry.fullPath.replace(/^\//, '') });
      found(files.length);
      return;
    }
    const reader = entry.createReader();
    let part;
    do {
      part = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
      // A file alone costs a message each way: a hundred are asked for at once.
      await Promise.all(part.map(walk));
    } while (part.length); // it gives a hundred at a time
  };
  await Promise.all(entries.map(walk));
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The sample that comes with the page. */
export async function sample() {
  const get = async (path) => {
    const response = await fetch(`./sample/${path}`);
    if (!response.ok) throw new Error(`Cannot load the sample: ${response.status} ${response.statusText}`);
    return response;
  };
  const paths = await (await get('files.json')).json();
  return Promise.all(paths.map(async (path) => {
    const blob = await (await get(path)).blob();
    return { file: new File([blob], path.split('/').at(-1)), path: `sample/${path}` };
  }));
}
