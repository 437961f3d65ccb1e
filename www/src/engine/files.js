// What was dropped or picked, as a flat list of files: logs and rules.

const RULE = /\.ya?ml$/i;
/** What is read of a folder, as `forepost scan` has it. A file that was picked by itself is read whatever its name. */
const OF_FOLDER = /\.(json|gz|ndjson|jsonl|log|csv|zip|ya?ml)$/i;
const wanted = (path) => !path.includes('/') || (OF_FOLDER.test(path) && !path.split('/').some((part) => part.startsWith('.')));

/** Splits `[{file, path}]` into logs and rule files. */
export function sort(files) {
  const rules = files.filter(({ path }) => RULE.test(path));
  return { rules, logs: files.filter(({ path }) => !RULE.test(path)) };
}

/** The files of an <input>. */
export const fromInput = (input) => Array.from(input.files, (file) => ({ file, path: file.webkitRelativePath || file.name })).filter(({ path }) => wanted(path));

/** The files of a drop, folders walked. Call it in the event itself: the entries are gone later. */
export async function fromDrop(transfer) {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return Array.from(transfer.files, (file) => ({ file, path: file.name }));
  const files = [];
  const waiting = [...entries];
  while (waiting.length) {
    const entry = waiting.shift();
    if (entry.isDirectory) {
      const reader = entry.createReader();
      let part;
      do {
        part = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
        waiting.push(...part);
      } while (part.length); // it gives a hundred at a time
    } else if (wanted(entry.fullPath.slice(1))) {
      const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
      files.push({ file, path: entry.fullPath.replace(/^\//, '') });
    }
  }
  return files;
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
