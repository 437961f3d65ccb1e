// What benchmarks of whole processes share: the file they read, DuckDB, and the fastest of interleaved runs.

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { environment } from './environment.mjs';
import { sampleEvents } from './sample.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const shared = process.env.FOREPOST_SHARED ?? `${root}../shared`;
/** Where files and DuckDB stay from run to run. */
export const work = `${tmpdir()}/forepost-bench`;

/** The command that is measured. */
export const forepost = ['node', `${root}dist/npm/cli/main.cjs`];

/** The gigabytes that the command line asks for: its first word that is no switch. */
export const gigabytes = Number(process.argv.slice(2).find((a) => !a.startsWith('--')) ?? 1);

/** So many gigabytes of NDJSON: the real events again and again, ours where those are not. Its path and its bytes. */
export function ndjson(gigabytes) {
  const real = `${shared}/cloudtrail/real_unique.ndjson.gz`;
  const block = existsSync(real) ? gunzipSync(readFileSync(real)) : Buffer.from(`${sampleEvents().join('\n')}\n`);
  const count = Math.ceil((gigabytes * 1e9) / block.length);
  const file = `${work}/events-${gigabytes}.ndjson`;
  if (!existsSync(file) || statSync(file).size !== count * block.length) {
    mkdirSync(work, { recursive: true });
    const out = openSync(file, 'w');
    for (let i = 0; i < count; i++) writeSync(out, block);
    closeSync(out);
  }
  return { file, bytes: statSync(file).size };
}

/** A Python that has these packages from PyPI, in a folder of its own; and their versions. */
export function pythonWith(...packages) {
  const python = `${work}/venv/bin/python`;
  mkdirSync(work, { recursive: true });
  if (!existsSync(python)) execFileSync('python3', ['-m', 'venv', `${work}/venv`], { stdio: 'inherit' });
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...packages], { stdio: 'inherit' });
  const installed = spawnSync(python, ['-m', 'pip', 'list', '--format=freeze'], { encoding: 'utf8' }).stdout.split('\n');
  return { python, versions: installed.filter((line) => packages.includes(line.split('==')[0])) };
}

const QUICK = 2; // seconds

/**
 * Runs the cases of [name, command, arguments] interleaved, so that a noisy moment hits all alike. Gives each name's fastest run, in seconds,
 * and what it printed. A case that fails is left out and said.
 */
export function fastest(cases, rounds = 3) {
  const best = new Map();
  const failed = new Set();
  for (let round = 0; round < rounds; round++) {
    for (const one of cases) {
      // What is quick runs three times a round: a noisy second must not be all there is of it.
      for (let turn = 0; turn < 3 && !failed.has(one) && (turn === 0 || best.get(one[0]).seconds < QUICK); turn++) {
        if (!run(one, best)) failed.add(one);
      }
    }
  }
  return best;
}

function run([name, command, args], best) {
  const start = process.hrtime.bigint();
  const { status, error, stdout, stderr } = spawnSync(command, args, { env: { ...environment, LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 30 });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  // 1: grep found nothing; forepost found a problem in the events.
  if (error || (status !== 0 && !(status === 1 && command !== 'jq' && !command.endsWith('python')))) {
    console.log(`left out: ${name}: ${error?.message ?? String(stderr).trim().split('\n').pop()}`);
    return false;
  }
  if (seconds < (best.get(name)?.seconds ?? Infinity)) best.set(name, { seconds, stdout });
  return true;
}
