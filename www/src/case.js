// A case: what a person made of the logs, in one file, and if wanted in this browser. The file has no event: it names the inputs with their
// hashes, and the logs are dropped again.

import { checkedNotes } from './notes.js';
import { isTableName } from './supplied.js';
import { checkedView } from './takeaway.js';

const HASHED = 256 << 20;      // the browser hashes a file as a whole
const MOST = 20 << 20;         // bytes of a case that is read
const MOST_FILES = 5000;       // files that are hashed

/** SHA-256 of each input, as far as the browser can. */
export async function withHashes(inputs) {
  for (const input of inputs.slice(0, MOST_FILES)) {
    if (input.sha256 || input.size > HASHED || !crypto.subtle) continue;
    try {
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await input.file.arrayBuffer()));
      input.sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
    } catch { /* the file is gone: its name and size stay */ }
  }
  return inputs;
}

export function caseOf({ tab, filters, rules, local, notes, supplied }, query, inputs) {
  return {
    forepostCase: 1,
    saved: new Date().toISOString(),
    inputs: inputs.map(({ path, size, sha256, status, problemCount, events }) => ({ path, size, sha256, status, problems: problemCount, events })),
    tables: supplied.map(({ path, name, size, sha256 }) => ({ path, name, size, sha256 })), // and functions, without a name
    rules: rules.filter(({ builtIn, text, original }) => !builtIn || text !== original).map(({ file, text }) => ({ file, text })),
    off: rules.filter(({ enabled, broken }) => !enabled && !broken).map(({ file }) => file),
    tab, filters, local, query, notes,
  };
}

/** Whether a file can be a case: only then its text is read. */
export const looksLikeCase = ({ file, path }) => /\.forepost\.json$/i.test(path) && file.size <= MOST;

/** A case from text, checked: it may come from anybody. Undefined if it is none. */
export function readCase(text) {
  let given;
  try { given = JSON.parse(text); } catch { return undefined; }
  if (given?.forepostCase !== 1) return undefined;
  const files = (list) => (Array.isArray(list) ? list.filter((input) => typeof input?.path === 'string' && Number.isFinite(input.size)) : []);
  const tables = files(given.tables).map(({ path, name, size, sha256 }) => ({ path, size, sha256, table: typeof name === 'string' && isTableName(name) ? name : undefined }));
  return { ...checkedView(given), inputs: [...tables, ...files(given.inputs)], notes: checkedNotes(given.notes) };
}

// In this browser: one case, with its files if that is wanted.

const STORE = 'case';

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('forepost', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function inStore(mode, act) {
  const db = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = db.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    db.close();
  }
}

/** Keeps a case and its files until they are forgotten. */
export const keep = (text, files) => inStore('readwrite', (store) => store.put({ text, files }, 'kept'));
export const kept = () => inStore('readonly', (store) => store.get('kept'));
export const forget = () => inStore('readwrite', (store) => store.delete('kept'));
