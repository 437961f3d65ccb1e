// What was dropped or picked, as a flat list of files: logs and rules.

import { expandArm } from 'forepost/arm.js';
import { isLogByName, isRuleByName, isTemplate, isTestByName, LOOKED_AT, whyNoLog } from 'forepost/logfile.js';

const AT_ONCE = 64;            // files that are looked at together
const LARGEST_TEMPLATE = 8 << 20;

/**
 * Splits `[{file, path}]` into logs, rule files, and `passedOver` with the `reason`: what `forepost scan` would pass over. A file
 * that was picked by itself is read whatever it is.
 */
export async function sort(files, looked = () => {}) {
  const sorted = { rules: [], logs: [], passedOver: [] };
  let breath = performance.now();
  for (let at = 0; at < files.length; at += AT_ONCE) {
    if (performance.now() - breath > 30) {
      looked(at);
      await new Promise((resolve) => { setTimeout(resolve); });
      breath = performance.now();
    }
    // To look at a file and to ask for its size makes the browser ask the system: many are asked at once.
    const part = await Promise.all(files.slice(at, at + AT_ONCE).map(look));
    for (const { reason, rule, ...entry } of part) {
      if (reason) sorted.passedOver.push({ path: entry.path, reason });
      else (rule ? sorted.rules : sorted.logs).push(entry);
    }
  }
  return sorted;
}

async function look({ file, path }) {
  const { size } = file;
  const rule = isRuleByName(path) || (/\.json$/i.test(path) && size <= LARGEST_TEMPLATE && isTemplate(path, await startOf(file)));
  const reason = path.includes('/') ? await whyNot({ file, path, size }, rule) : undefined;
  return { file, path, size, rule, reason };
}

async function whyNot({ file, path, size }, rule) {
  if (path.split('/').some((part) => part.startsWith('.'))) return 'hidden';
  if (isTestByName(path)) return 'tests of a rule';
  if (rule || isLogByName(path, size)) return undefined;
  return whyNoLog(path, await startOf(file));
}

const startOf = async (file) => new Uint8Array(await file.slice(0, LOOKED_AT).arrayBuffer());

/** `{rules: [{file, text}], leftOut: [{path, reason}]}` of rule files: those in ARM form become YAML, which the page shows and edits. */
export async function readRules(entries) {
  const given = await Promise.all(entries.map(async ({ file, path }) => ({ file: path, text: decode(await file.arrayBuffer()) })));
  const rules = expandArm(given);
  const leftOut = rules.flatMap(({ arm }) => arm?.findings ?? []).filter(({ code }) => code === 'FP501').map(({ file, message }) => ({ path: file, reason: message }));
  return { rules: rules.map(({ file, text, arm }) => ({ file: arm ? `${file}.yaml` : file, text })), leftOut };
}

/** Windows writes UTF-16, with a mark at its start. */
function decode(buffer) {
  const [a, b] = new Uint8Array(buffer, 0, Math.min(2, buffer.byteLength));
  return new TextDecoder(a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : 'utf-8').decode(buffer);
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
