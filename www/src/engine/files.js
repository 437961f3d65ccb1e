// What was dropped or picked, as a flat list of files: logs, rules, and what can be a table or a function.

import { expandArm, holdsRules } from 'forepost/arm.js';
import { holdsFunctions } from 'forepost/arm/functions.js';
import { decodeText } from 'forepost/bytes.js';
import { isFunctionTemplate, isFunctionYaml, isLogByName, isRuleByName, isTemplate, isTestByName, LOOKED_AT, mentionsEvents, suppliedByName, whyNoLog } from 'forepost/logfile.js';
import { mayOpen } from './archives.js';

const AT_ONCE = 64;            // files that are looked at together
const LARGEST_TEMPLATE = 8 << 20;
const SMALL = 64 << 10;        // bytes of a file that is read as a whole to look at it: half the price of a part, and the reader gets what was read
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
    // To look at a file and to ask for its size makes the browser ask the system: many are asked at once.
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
  const { size } = file;
  let bytes;
  const start = async () => {
    bytes ??= new Uint8Array(await (size <= SMALL ? file : file.slice(0, LOOKED_AT)).arrayBuffer());
    return bytes.subarray(0, LOOKED_AT);
  };
  const rule = isRuleByName(path) || (/\.json$/i.test(path) && size <= LARGEST_TEMPLATE && (isTemplate(path, await start()) || isFunctionTemplate(path, await start())));
  const supplied = suppliedByName(path);
  const isFunction = supplied?.kind === 'function';
  const reason = path.includes('/') ? await whyNot({ path, size, start }, rule || isFunction) : undefined;
  const unclear = !reason && !rule && size > 0 && supplied?.kind === 'table' && (/\.(csv|gz)$/i.test(path) || !mentionsEvents(await start()));
  const kind = rule ? 'rules' : isFunction ? 'functions' : unclear ? 'unclear' : 'logs';
  return { file, path, size, kind, reason, stem: unclear ? supplied.stem : undefined, bytes: size <= SMALL && !rule && !reason ? bytes : undefined };
}

async function whyNot({ path, size, start }, known) {
  if (path.split('/').some((part) => part.startsWith('.'))) return 'hidden';
  if (isTestByName(path)) return 'tests of a rule';
  if (known || isLogByName(path, size)) return undefined;
  return whyNoLog(path, await start());
}

/**
 * `{rules: [{file, text}], functions, leftOut: [{path, reason}]}` of rule files: those in ARM form become YAML, which the page shows and edits. YAML of a saved function is
 * none; a template may have rules, functions or both.
 */
export async function readRules(entries) {
  const read = await Promise.all(entries.map(async (entry) => ({ entry, file: entry.path, text: decodeText(new Uint8Array(await entry.file.arrayBuffer())) })));
  const isFunction = ({ file, text }) => (/\.ya?ml$/i.test(file) ? isFunctionYaml(text) : holdsFunctions(text));
  const isRule = ({ file, text }) => !isFunction({ file, text }) || (/\.json$/i.test(file) && holdsRules(text));
  const rules = expandArm(read.filter(isRule).map(({ file, text }) => ({ file, text })));
  const leftOut = rules.flatMap(({ arm }) => arm?.findings ?? []).filter(({ code }) => code === 'FP501').map(({ file, message }) => ({ path: file, reason: message }));
  return { rules: rules.map(({ file, text, arm }) => ({ file: arm ? `${file}.yaml` : file, text })), functions: read.filter(isFunction).map(({ entry }) => entry), leftOut };
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
