// What the tests of the package share.

import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { files } from '../../samples/generate.js';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const PACKAGE = `${ROOT}dist/npm/`;
export const SAMPLE = `${ROOT}samples/AWSLogs`;
export const CLI = `${PACKAGE}cli.js`;
/** The engine without WebAssembly, built with checks for overflow: a panic is found too. */
export const NATIVE = `${ROOT}target/debug/examples/native`;

/** A fresh folder under tests/out. */
export function scratch(name) {
  const path = `${ROOT}tests/out/${name}`;
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}

/** The shared test data, which belongs to others and is not part of the repository; undefined where it is not there. */
export function shared(path) {
  const full = `${process.env.FOREPOST_SHARED ?? `${ROOT}../shared`}/${path}`;
  return existsSync(full) ? full : undefined;
}

/** Runs the command to its end: `{status, stdout, stderr}`. */
export function forepost(args, { input = '', env = {} } = {}) {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [CLI, ...args], { env: { ...process.env, ...env }, maxBuffer: 1 << 28 },
      (error, stdout, stderr) => resolve({ status: error ? error.code : 0, stdout, stderr }));
    child.stdin.on('error', () => {}); // it may leave before it has read everything
    child.stdin.end(input);
  });
}

/** Starts the command. */
export const start = (args, options) => spawn(process.execPath, [CLI, ...args], options);

/** Node's flags for a runtime without SIMD: its probe fails, and it refuses the module that has it. */
export function withoutSimd() {
  const code = `const simd = ${readFileSync(`${PACKAGE}forepost.wasm`).length};
    const { validate, Module } = WebAssembly;
    WebAssembly.validate = (bytes) => bytes.length !== 31 && validate(bytes);
    WebAssembly.Module = new Proxy(Module, { construct(target, [bytes]) {
      if (bytes.length === simd) throw new WebAssembly.CompileError('SIMD unsupported');
      return new target(bytes);
    } });`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

/** What is in a text of JSON lines. */
export const jsonLines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

/** The events of the sample. */
export const sampleEvents = () => [...files()].flatMap(([, text]) => JSON.parse(text).Records);

/** An event that the built-in rule must find, of our own making. */
export function switchedOff(overrides = {}) {
  return {
    eventVersion: '1.11',
    userIdentity: { type: 'IAMUser', principalId: 'AIDAEXAMPLE', arn: 'arn:aws:iam::111122223333:user/ana', accountId: '111122223333', userName: 'ana' },
    eventTime: '2026-06-17T10:00:00Z',
    eventSource: 'ecr.amazonaws.com',
    eventName: 'PutImageScanningConfiguration',
    awsRegion: 'eu-west-1',
    sourceIPAddress: '203.0.113.5',
    userAgent: 'aws-cli/2',
    requestParameters: { repositoryName: 'team/ape', imageScanningConfiguration: { scanOnPush: false } },
    responseElements: null,
    requestID: '0a', eventID: '8c1c3f10-0000-4000-8000-000000000001',
    readOnly: false, eventType: 'AwsApiCall', managementEvent: true, recipientAccountId: '111122223333',
    ...overrides,
  };
}

export const s3 = (...Records) => JSON.stringify({ Records });

/** A valid scheduled rule around `query`; the query's first line is line 13 of the text. */
export const ruleText = (name, query) => `id: 8c1c3f10-0000-4000-8000-0000000000aa
name: ${name}
description: Test
severity: Low
requiredDataConnectors: []
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: []
relevantTechniques: []
query: |
${query.replace(/^/gm, '  ')}
entityMappings: []
version: 1.0.0
kind: Scheduled
`;

/** The attributes that Jenkins' schema of JUnit's XML (junit-10.xsd) allows, those that it demands with a `!`. */
const JUNIT = {
  testsuites: 'name time tests failures disabled errors',
  testsuite: 'name! tests! failures! errors! group time skipped timestamp hostname id package file log url version',
  testcase: 'name! time classname group',
  failure: 'type message',
  error: 'type message',
  'system-out': '',
};

/** What a text of JUnit's XML has beyond that schema, or lacks. */
export function beyondJunit(xml) {
  return [...xml.matchAll(/<([\w-]+)((?: [\w-]+="[^"]*")*)\/?>/g)].flatMap(([, element, attributes]) => {
    if (!(element in JUNIT)) return [element];
    const known = JUNIT[element].split(' ');
    const given = [...attributes.matchAll(/ ([\w-]+)=/g)].map(([, name]) => name);
    const beyond = given.filter((name) => !known.includes(name) && !known.includes(`${name}!`));
    const missing = known.filter((name) => name.endsWith('!') && !given.includes(name.slice(0, -1)));
    return [...beyond, ...missing].map((name) => `${element} ${name}`);
  });
}
