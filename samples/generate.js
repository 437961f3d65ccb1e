// node samples/generate.js DIR: writes the sample that `make demo` scans.
//
// A day of an invented company's account, in the layout of a trail's S3 bucket. Everything here is made up: names,
// account and addresses are those set aside for examples. The same files come out every time.
//
// What the built-in rules must find: at night, from an address nobody else uses, somebody has the key of tomas.hale. They make a
// user svc-metrics and give it every permission and a key, stop a trail, switch the scanning of two repositories off, and with the new key
// take all secrets. And jonas.weber switches scanning off (by day, through single sign-on). What they must not: build-agent's attempt, which
// was denied, and ci-deploy's call, which switches scanning on.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

export const ACCOUNT = '111122223333';
export const DAY = Date.UTC(2026, 5, 17);
export const HOUR = 3600e3;
const FILE_HOURS = 3;
const ROUTINE_EVENTS = 415;

/** Small and the same on every machine (mulberry32). */
export function randomness(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    pick: (list) => list[Math.floor(next() * list.length)],
    below: (n) => Math.floor(next() * n),
    text: (alphabet, length) => Array.from({ length }, () => alphabet[Math.floor(next() * alphabet.length)]).join(''),
  };
}

export const HEX = '0123456789abcdef';
const uuid = (random) => `${random.text(HEX, 8)}-${random.text(HEX, 4)}-4${random.text(HEX, 3)}-${random.pick([...'89ab'])}${random.text(HEX, 3)}-${random.text(HEX, 12)}`;
const iso = (ms) => new Date(ms).toISOString().replace('.000', '');

export const user = (userName, id, mfa) => (at) => ({
  type: 'IAMUser',
  principalId: `AIDA${id}EXAMPLE`,
  arn: `arn:aws:iam::${ACCOUNT}:user/${userName}`,
  accountId: ACCOUNT,
  accessKeyId: `${mfa === undefined ? 'AKIA' : 'ASIA'}${id}EXAMPLE`,
  userName,
  ...(mfa === undefined ? {} : { sessionContext: { attributes: { creationDate: iso(at - 20 * 60e3), mfaAuthenticated: String(mfa) } } }),
});

export const role = (roleName, session, id, path = '') => (at) => ({
  type: 'AssumedRole',
  principalId: `AROA${id}EXAMPLE:${session}`,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${roleName}/${session}`,
  accountId: ACCOUNT,
  accessKeyId: `ASIA${id}EXAMPLE`,
  sessionContext: {
    sessionIssuer: {
      type: 'Role', principalId: `AROA${id}EXAMPLE`, arn: `arn:aws:iam::${ACCOUNT}:role/${path}${roleName}`, accountId: ACCOUNT, userName: roleName,
    },
    attributes: { creationDate: iso(at - 7 * 60e3), mfaAuthenticated: 'false' },
  },
});

export const CLI = 'aws-cli/2.27.41 md/awscrt#0.26.1 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.4';
export const CONSOLE = 'Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0';
export const SDK = 'aws-sdk-go-v2/1.36.3 os/linux lang/go#1.24.4';

const ACTORS = {
  marta: { identity: user('marta.lindqvist', 'Q7MARTA2XK4N', true), ip: '198.51.100.23', agent: CONSOLE, region: 'eu-west-1' },
  tomas: { identity: user('tomas.hale', 'W3TOMAS9PZ6R'), ip: '203.0.113.77', agent: CLI, region: 'us-east-1' },
  metrics: { identity: user('svc-metrics', 'M4METRI6DW2F'), ip: '203.0.113.77', agent: CLI, region: 'us-east-1' },
  jonas: {
    identity: role('AWSReservedSSO_PlatformEngineer_5c1e9a7b3d2f4068', 'jonas.weber@harbor.example', 'J5JONAS8TL1V', 'aws-reserved/sso.amazonaws.com/'),
    ip: '198.51.100.41', agent: CONSOLE, region: 'eu-west-1',
  },
  builder: { identity: user('build-agent', 'B2BUILD4HG8C'), ip: '192.0.2.10', agent: SDK, region: 'us-east-1' },
  deploy: { identity: role('ci-deploy', 'pipeline-8841', 'D6DEPLY3MN7S'), ip: '192.0.2.11', agent: SDK, region: 'us-east-1' },
  nodes: { identity: role('eks-node', 'i-0a9c3f51e7d2b4680', 'N9NODES5RK2Y'), ip: '192.0.2.130', agent: SDK, region: 'eu-west-1' },
};

/** What goes on all day: who, on which service, what, and with what. */
const ROUTINE = [
  ['deploy', 'ecr', 'GetAuthorizationToken', true, () => null],
  ['deploy', 'ecr', 'PutImage', false, (r) => ({ repositoryName: repository(r), imageTag: `v${r.below(9)}.${r.below(30)}.${r.below(20)}`, registryId: ACCOUNT })],
  ['deploy', 'ecr', 'DescribeImageScanFindings', true, (r) => ({ repositoryName: repository(r), imageId: { imageDigest: `sha256:${r.text(HEX, 64)}` } })],
  ['deploy', 'eks', 'DescribeCluster', true, () => ({ name: 'storefront' })],
  ['deploy', 'lambda', 'UpdateFunctionCode20150331v2', false, (r) => ({ functionName: r.pick(['resize-images', 'send-receipts', 'rotate-feeds']), publish: true, dryRun: false })],
  ['builder', 's3', 'GetBucketLocation', true, () => ({ bucketName: 'harbor-build-cache', Host: 'harbor-build-cache.s3.amazonaws.com', location: '' })],
  ['builder', 'sts', 'GetCallerIdentity', true, () => null],
  ['builder', 'ecr', 'BatchGetImage', true, (r) => ({ repositoryName: repository(r), imageIds: [{ imageTag: 'latest' }] })],
  ['nodes', 'ec2', 'DescribeInstances', true, (r) => ({ instancesSet: { items: [{ instanceId: `i-0${r.text(HEX, 16)}` }] }, filterSet: {} })],
  ['nodes', 'ecr', 'BatchGetImage', true, (r) => ({ repositoryName: repository(r), imageIds: [{ imageTag: 'stable' }] })],
  ['nodes', 'kms', 'Decrypt', true, () => ({ encryptionAlgorithm: 'SYMMETRIC_DEFAULT', encryptionContext: { service: 'storefront' } })],
  ['nodes', 'secretsmanager', 'GetSecretValue', true, () => ({ secretId: 'storefront/database' })],
  ['marta', 'iam', 'ListUsers', true, () => ({ maxItems: 100 })],
  ['marta', 'cloudwatch', 'DescribeAlarms', true, () => ({ maxRecords: 100 })],
  ['marta', 's3', 'PutBucketTagging', false, (r) => ({ bucketName: r.pick(['harbor-invoices', 'harbor-assets']), tagging: '', Tagging: { TagSet: { Tag: { Key: 'owner', Value: 'finance' } } } })],
  ['jonas', 'ecr', 'DescribeRepositories', true, () => ({ maxResults: 100 })],
  ['jonas', 'ec2', 'DescribeSecurityGroups', true, () => ({ securityGroupSet: {}, securityGroupIdSet: {}, filterSet: {} })],
  ['jonas', 'rds', 'DescribeDBInstances', true, () => ({ dBInstanceIdentifier: 'orders' })],
];

const repository = (random) => random.pick(['web/storefront', 'web/admin', 'payments/checkout-api', 'payments/ledger', 'tools/base-image']);

export function event(random, at, { identity, ip, agent, region }, service, eventName, readOnly, requestParameters, rest = {}) {
  const host = `${service}.${region}.amazonaws.com`;
  return {
    eventVersion: '1.11',
    userIdentity: identity(at),
    eventTime: iso(at),
    eventSource: `${service}.amazonaws.com`,
    eventName,
    awsRegion: region,
    sourceIPAddress: ip,
    userAgent: agent,
    ...(rest.errorCode ? { errorCode: rest.errorCode, errorMessage: rest.errorMessage } : {}),
    requestParameters,
    responseElements: rest.responseElements ?? null,
    requestID: uuid(random),
    eventID: uuid(random),
    readOnly,
    ...(rest.resources ? { resources: rest.resources } : {}),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: ACCOUNT,
    eventCategory: 'Management',
    tlsDetails: { tlsVersion: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256', clientProvidedHostHeader: service === 'ecr' ? `api.${host}` : host },
  };
}

function atClock(clock) {
  const [hour, minute, second] = clock.split(':').map(Number);
  return DAY + hour * HOUR + minute * 60e3 + second * 1e3;
}

function scanning(random, clock, actor, repositoryName, scanOnPush, error = {}) {
  const configuration = { registryId: ACCOUNT, repositoryName, imageScanningConfiguration: { scanOnPush } };
  const denied = error.errorCode !== undefined;
  return event(random, atClock(clock), actor, 'ecr', 'PutImageScanningConfiguration', false,
    denied ? null : configuration,
    { ...error, ...(denied ? {} : { responseElements: configuration, resources: [{ accountId: ACCOUNT, ARN: `arn:aws:ecr:${actor.region}:${ACCOUNT}:repository/${repositoryName}` }] }) });
}

function day() {
  const random = randomness(20260617);
  const events = Array.from({ length: ROUTINE_EVENTS }, () => {
    const [actor, service, name, readOnly, parameters] = random.pick(ROUTINE);
    const human = actor === 'marta' || actor === 'jonas';
    const at = DAY + (human ? 7 * HOUR + random.below(10 * 3600) * 1e3 : random.below(24 * 3600) * 1e3);
    return event(random, at, ACTORS[actor], service, name, readOnly, parameters(random));
  });
  const userName = 'svc-metrics';
  events.push(
    event(random, atClock('02:31:12'), ACTORS.tomas, 'iam', 'CreateUser', false, { userName }, { responseElements: { user: { path: '/', userName, userId: 'AIDAM4METRI6DW2FEXAMPLE', arn: `arn:aws:iam::${ACCOUNT}:user/${userName}` } } }),
    event(random, atClock('02:31:40'), ACTORS.tomas, 'iam', 'AttachUserPolicy', false, { userName, policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
    event(random, atClock('02:32:03'), ACTORS.tomas, 'iam', 'CreateAccessKey', false, { userName }, { responseElements: { accessKey: { userName, accessKeyId: 'AKIAM4METRI6DW2FEXAMPLE', status: 'Active' } } }),
    event(random, atClock('02:35:18'), ACTORS.tomas, 'cloudtrail', 'StopLogging', false, { name: `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/audit-copy` }),
    event(random, atClock('02:52:30'), ACTORS.metrics, 'secretsmanager', 'BatchGetSecretValue', true, { filters: [{ key: 'name', values: ['payments'] }] }),
    scanning(random, '02:39:12', ACTORS.builder, undefined, undefined, {
      errorCode: 'AccessDenied',
      errorMessage: `User: arn:aws:iam::${ACCOUNT}:user/build-agent is not authorized to perform: ecr:PutImageScanningConfiguration`,
    }),
    scanning(random, '02:41:07', ACTORS.tomas, 'payments/checkout-api', false),
    scanning(random, '02:43:55', ACTORS.tomas, 'payments/ledger', false),
    scanning(random, '09:30:20', ACTORS.deploy, 'web/admin', true),
    scanning(random, '14:08:31', ACTORS.jonas, 'web/storefront', false),
  );
  return events.sort((a, b) => (a.eventTime < b.eventTime ? -1 : a.eventTime > b.eventTime ? 1 : a.eventID < b.eventID ? -1 : 1));
}

/** The files as `[path, bytes of JSON]`: one for each region and three hours, as a trail would deliver them. */
export function files() {
  const random = randomness(7);
  const groups = new Map();
  for (const record of day()) {
    const slot = Math.floor((Date.parse(record.eventTime) - DAY) / (FILE_HOURS * HOUR));
    const key = `${record.awsRegion} ${slot}`;
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, Records]) => {
    const [region, slot] = key.split(' ');
    const stamp = iso(DAY + (Number(slot) + 1) * FILE_HOURS * HOUR).replace(/[-:]/g, '').replace(/\d\dZ$/, 'Z');
    const folder = new Date(DAY + Number(slot) * FILE_HOURS * HOUR).toISOString().slice(0, 10).replaceAll('-', '/');
    const unique = random.text('ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789', 16);
    return [`${ACCOUNT}/CloudTrail/${region}/${folder}/${ACCOUNT}_CloudTrail_${region}_${stamp}_${unique}.json.gz`, JSON.stringify({ Records })];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [target] = process.argv.slice(2);
  if (!target) throw new Error('usage: node samples/generate.js DIR');
  for (const [path, text] of files()) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), gzipSync(text, { level: 9 }));
  }
}
