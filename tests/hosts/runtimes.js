// Starts the worker in a runtime, as a process that listens on loopback.

import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BUNDLE = `${HERE}../out/cloudflare`;
const BIN = `${HERE}node_modules/.bin`;

const COMMANDS = {
  node: () => [process.execPath, ['servers/node.js']],
  bun: () => [`${BIN}/bun`, ['servers/bun.js']],
  deno: () => [`${BIN}/deno`, ['run', '--allow-all', '--node-modules-dir=manual', 'servers/deno.js']],
  workerd: () => [`${BIN}/workerd`, ['serve', `${BUNDLE}/config.capnp`, '--socket-addr=http=127.0.0.1:undefined']],
  miniflare: () => [process.execPath, ['servers/miniflare.js']],
};

export const RUNTIMES = Object.keys(COMMANDS);

/** `{url, pid, coldStart, stop}` once /health answers. */
export async function start(runtime, env) {
  const port = await freePort();
  if (runtime === 'workerd' || runtime === 'miniflare') await bundle(env);
  let [command, args] = COMMANDS[runtime]();
  args = args.map((a) => a.replace(/undefined$/, String(port)));
  const started = performance.now();
  const child = spawn(command, args, { cwd: HERE, env: { ...process.env, ...env, PORT: String(port), BUNDLE }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { said = (said + data).slice(-4000); });
  const url = `http://127.0.0.1:${port}`;
  let exited = false;
  child.on('exit', () => { exited = true; });
  for (;;) {
    if (exited || performance.now() - started > 60_000) throw new Error(`${runtime} did not start: ${said}`);
    const health = await fetch(`${url}/health`).catch(() => undefined);
    if (health?.ok) return { url, pid: child.pid, coldStart: performance.now() - started, health: await health.json(), said: () => said, stop: () => stop(child) };
    if (health) said += `\n/health: ${health.status} ${await health.text()}`;
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

/** The whole group: some of these are a wrapper around the program. */
function stop(child) {
  return new Promise((resolve) => {
    child.on('exit', resolve);
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    process.kill(-child.pid, 'SIGTERM');
    setTimeout(() => { try { process.kill(-child.pid, 'SIGKILL'); } catch { /* gone */ } resolve(); }, 5000).unref();
  });
}

async function bundle(env) {
  mkdirSync(BUNDLE, { recursive: true });
  await build({
    absWorkingDir: HERE, entryPoints: ['servers/cloudflare.js'], outfile: `${BUNDLE}/worker.js`, bundle: true, format: 'esm',
    conditions: ['workerd'], external: ['*.wasm'], logLevel: 'error',
  });
  const code = readFileSync(`${BUNDLE}/worker.js`, 'utf8').replace(/from "[^"]*forepost\.wasm"/, 'from "./forepost.wasm"');
  writeFileSync(`${BUNDLE}/worker.js`, code);
  copyFileSync(`${HERE}node_modules/forepost/forepost.wasm`, `${BUNDLE}/forepost.wasm`);
  const bindings = Object.entries(env).filter(([name]) => name.startsWith('FOREPOST')).map(([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`);
  writeFileSync(`${BUNDLE}/config.capnp`, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "net", network = (allow = ["public", "private"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js"), (name = "forepost.wasm", wasm = embed "forepost.wasm")],
  compatibilityDate = "2026-01-01",
  globalOutbound = "net",
  bindings = [${bindings.join(', ')}]
);
`);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Of a process and those it started: resident memory in MB, CPU time in ms. */
export function usage(pid) {
  let memory = 0;
  let ticks = 0;
  for (const id of family(pid)) {
    if (!existsSync(`/proc/${id}/stat`)) continue;
    const fields = readFileSync(`/proc/${id}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
    memory += Number(fields[21]) * 4096;
  }
  return { memory: memory / 1e6, cpu: ticks * 10 };
}

function family(pid) {
  const path = `/proc/${pid}/task/${pid}/children`;
  const children = existsSync(path) ? readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number) : [];
  return [pid, ...children.flatMap(family)];
}
