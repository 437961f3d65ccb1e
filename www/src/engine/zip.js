// .zip archives, read as they come. Only entries that can be logs are inflated.

import { Unzip, UnzipInflate } from 'fflate';

const LOG = /\.(json|gz|ndjson|jsonl|log|csv|txt)$/i;
const MAX_ENTRIES = 100_000;

/** Whether a file's first bytes are an archive's. */
export const isZip = ([p, k, three, four]) => p === 0x50 && k === 0x4b && three === 3 && four === 4;

/**
 * Calls `open(name)` for each entry that can be a log, and `push`, `end` and `fail` on what it returns, in order.
 * `chunks` yields the archive's bytes.
 */
export async function unzip(chunks, open) {
  let queue = [];
  let entries = 0;
  const archive = new Unzip((file) => {
    entries += 1;
    if (file.name.endsWith('/') || !LOG.test(file.name) || file.name.startsWith('__MACOSX/')) return;
    if (entries > MAX_ENTRIES) throw new Error(`the archive has more than ${MAX_ENTRIES} entries`);
    const entry = open(file.name);
    file.ondata = (error, data, final) => {
      queue.push(async () => {
        if (error) return entry.fail(`damaged: ${error.message}`);
        await entry.push(data);
        if (final) entry.end();
      });
    };
    if (file.compression !== 0 && file.compression !== 8) entry.fail(`compression method ${file.compression} is not supported`);
    else file.start();
  });
  archive.register(UnzipInflate);
  const drain = async () => {
    const work = queue;
    queue = [];
    for (const step of work) await step();
  };
  for await (const chunk of chunks) {
    // A slice of well-compressed text inflates a thousandfold: small pieces keep what waits in memory small.
    for (let at = 0; at < chunk.length; at += 1 << 16) {
      archive.push(chunk.subarray(at, at + (1 << 16)), false);
      await drain();
    }
  }
  archive.push(new Uint8Array(0), true);
  await drain();
}
