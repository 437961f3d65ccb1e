// A pipeline over events gives what it gives over the same rows written into the query. Over events it is split into what runs on each
// of them and the rest, columns that nobody reads are left out, and rows are folded as they come; over a literal table none of that
// happens. FOREPOST_PIPELINES sets how many random pipelines, FOREPOST_SEED which.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomness } from '../../samples/generate.js';
import { PACKAGE, sampleEvents } from './support.js';

const { loadSync, query } = await import(`${PACKAGE}entry/node.js`);
loadSync();

const COUNT = Number(process.env.FOREPOST_PIPELINES ?? 400);
const { below, pick } = randomness(Number(process.env.FOREPOST_SEED ?? 1));

const EVENTS = sampleEvents().filter((_, n) => n % 10 === 0);
/** As a stream brings them: cut anywhere. */
const INPUT = EVENTS.map((event) => `${JSON.stringify(event)}\n`).join('').match(/[^]{1,7001}/g);
const OPTIONS = { now: '2026-07-01T00:00:00Z' };

/** Integers beyond 2^53 are bigints, which JSON has none of. */
const json = (value) => JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}n` : v));

function literal(value, type) {
  if (type === 'string') return JSON.stringify(value ?? '');
  if (type === 'dynamic') return `dynamic(${json(value)})`;
  return `${type}(${value})`;
}

const { columns: COLUMNS, rows } = await query('AWSCloudTrail', [INPUT], OPTIONS);
const ROWS = rows.map((row) => row.map((value, n) => literal(value, COLUMNS[n].type)).join(','));
const DATATABLE = `datatable(${COLUMNS.map(({ name, type }) => `${name}:${type}`).join(',')})[${ROWS.join(',\n')}]`;

// What can be said over columns: a scope is a list of `{name, type}`. `depth` bounds how far expressions nest.

const USUAL = ['TimeGenerated', 'EventName', 'EventSource', 'UserIdentityType', 'ErrorCode', 'UserAgent', 'SourceIpAddress', 'RequestParameters', 'AwsEventId', 'ReadOnly', 'UserIdentityArn', 'AWSRegion'];
/** Each event has its own: rows can be put in one order by it. */
const UNIQUE = 'AwsEventId';

const named = (scope, name) => scope.find((column) => column.name === name);
const isPlain = ({ type }) => type !== 'dynamic';
let made = 0; // columns of this pipeline
const fresh = () => `x${made += 1}`;

/** One of the columns that match, mostly one that holds something; undefined if there is none. */
function column(scope, matches = () => true) {
  const all = scope.filter(matches);
  const usual = all.filter(({ name }) => USUAL.includes(name) || /^x\d/.test(name));
  return (usual.length > 0 && below(6) > 0 ? pick(usual) : all[below(all.length)])?.name;
}
const ofType = (type) => (c) => c.type === type;

function text(scope, depth = 2) {
  const name = column(scope, ofType('string')) ?? "'k'";
  if (depth === 0 || below(3) === 0) return name;
  return pick([
    () => `tolower(${name})`,
    () => `substring(${name}, 0, ${1 + below(6)})`,
    () => `strcat(${name}, '-', ${text(scope, depth - 1)})`,
    () => `tostring(${number(scope, depth - 1)})`,
    () => `tostring(parse_json(${name}))`,
    () => `iff(${condition(scope, depth - 1)}, ${name}, 'z')`,
    () => `extract('([A-Z][a-z]+)', 1, ${name})`,
  ])();
}

function number(scope, depth = 2) {
  const name = column(scope, ofType('long'));
  if (name && (depth === 0 || below(3) === 0)) return name;
  if (depth === 0) return String(below(9));
  return pick([
    () => `strlen(${text(scope, depth - 1)})`,
    () => `toint(${text(scope, depth - 1)})`,
    () => `array_length(split(${text(scope, depth - 1)}, '-'))`,
  ])();
}

const list = (scope) => pick([
  () => `split(${text(scope)}, '${pick(['.', '-', 'e'])}')`,
  () => `pack_array(${number(scope)}, ${text(scope)})`,
  () => `bag_pack('a', ${number(scope)}, 'b', ${text(scope)})`,
  () => column(scope, ofType('dynamic')) ?? 'dynamic([1, 2])',
])();

function condition(scope, depth = 2) {
  const inner = () => condition(scope, depth - 1);
  const name = column(scope, ofType('string')) ?? "'q'";
  return pick([
    () => `${name} has '${pick(['aws', 'Get', 'ecr', 'ec2', 'role'])}'`,
    () => `${name} startswith '${pick(['G', 'D', 'a', 'arn'])}'`,
    () => `isempty(${name})`,
    () => `${name} in ('ec2.amazonaws.com', 'IAMUser', 'us-east-1')`,
    () => `${column(scope, ofType('datetime')) ?? 'now()'} > datetime(2026-06-17 1${below(10)}:00)`,
    () => column(scope, ofType('bool')) ?? 'true',
    ...(depth === 0 ? [] : [
      () => `${number(scope, depth - 1)} > ${below(12)}`,
      () => `(${inner()} and ${inner()})`,
      () => `(${inner()} or ${inner()})`,
      () => `not(${inner()})`,
    ]),
  ])();
}

const AGGREGATES = [
  [() => 'count()', 'long'],
  [(scope) => `countif(${condition(scope)})`, 'long'],
  [(scope) => `sum(strlen(${text(scope)}))`, 'long'],
  [(scope) => `dcount(${text(scope)})`, 'long'],
  [(scope) => `count_distinct(${text(scope)})`, 'long'],
  [(scope) => `min(${column(scope, ofType('datetime')) ?? 'now()'})`, 'datetime'],
  [(scope) => `max(strlen(${text(scope)}))`, 'long'],
  [(scope) => `make_set(${text(scope)})`, 'dynamic'],
  [(scope) => `make_list_if(${text(scope)}, ${condition(scope)}, 3)`, 'dynamic'],
  [(scope) => `make_bag(bag_pack(${text(scope)}, 1))`, 'dynamic'],
];

const several = (most, make) => Array.from({ length: 1 + below(most) }, make);
const distinct = (names) => [...new Set(names.filter(Boolean))];
const kept = (scope, names) => names.map((name) => named(scope, name));

/** Operators: each gives its text and what columns there are behind it; undefined if it has nothing to work on. */
const OPERATORS = [
  (scope) => [`where ${condition(scope)}`, scope],
  (scope) => {
    const name = fresh();
    const [value, type] = pick([[text, 'string'], [(s) => `tolong(${number(s)})`, 'long'], [list, 'dynamic'], [condition, 'bool']]);
    return [`extend ${name} = ${value(scope)}`, [...scope, { name, type }]];
  },
  (scope) => {
    const [old, name] = [column(scope), fresh()];
    return [`project-rename ${name} = ${old}`, scope.map((c) => (c.name === old ? { ...c, name } : c))];
  },
  (scope) => {
    const [names, name] = [distinct(several(6, () => column(scope))), fresh()];
    return [`project ${names.join(', ')}, ${name} = ${text(scope)}`, [...kept(scope, names), { name, type: 'string' }]];
  },
  (scope) => {
    const name = column(scope);
    return scope.length > 3 ? [`project-away ${name}`, scope.filter((c) => c.name !== name)] : undefined;
  },
  (scope) => {
    const by = distinct(several(2, () => column(scope, isPlain)));
    const key = below(2) ? [{ name: fresh(), type: 'string' }] : [];
    const values = several(3, () => ({ name: fresh(), of: pick(AGGREGATES) }));
    const groups = [...by, ...key.map(({ name }) => `${name} = ${text(scope)}`)].join(', ');
    return [
      `summarize ${values.map(({ name, of: [value] }) => `${name} = ${value(scope)}`).join(', ')}${groups && ` by ${groups}`}`,
      [...kept(scope, by), ...key, ...values.map(({ name, of: [, type] }) => ({ name, type }))],
    ];
  },
  (scope) => {
    const key = column(scope, (c) => c.type === 'string' && c.name !== UNIQUE);
    return key && named(scope, UNIQUE) ? [`summarize arg_max(${UNIQUE}, *) by ${key}`, [named(scope, key), ...scope.filter(({ name }) => name !== key)]] : undefined;
  },
  (scope) => {
    const names = distinct(several(3, () => column(scope, isPlain)));
    return names.length > 0 ? [`distinct ${names.join(', ')}`, kept(scope, names)] : undefined;
  },
  (scope) => {
    if (!named(scope, UNIQUE)) return ['count', [{ name: 'Count', type: 'long' }]];
    const name = fresh();
    return pick([
      [`top ${1 + below(9)} by ${UNIQUE}`, scope],
      [`sort by ${UNIQUE} asc | take ${1 + below(9)}`, scope],
      [`sort by ${UNIQUE} desc | extend ${name} = row_number()`, [...scope, { name, type: 'long' }]],
    ]);
  },
  (scope) => {
    const name = fresh();
    return [`mv-expand ${name} = ${list(scope)} to typeof(string)`, [...scope, { name, type: 'string' }]];
  },
  (scope) => {
    const [from, name] = [column(scope, ofType('string')), fresh()];
    return from && [`parse ${from} with * '${pick(['.', '-', ':', 'e'])}' ${name}`, [...scope, { name, type: 'string' }]];
  },
  (scope) => {
    const [key, name, more] = [column(scope, ofType('string')), fresh(), fresh()];
    const [stage, inside] = another();
    const other = column(inside, ofType('string'));
    if (!key || !other) return undefined;
    const right = [{ name, type: 'string' }, { name: more, type: 'string' }];
    const [kind, columns] = pick([
      ['inner', [...scope, ...right]], ['leftouter', [...scope, ...right]], ['rightouter', [...scope, ...right]], ['fullouter', [...scope, ...right]],
      ['leftanti', scope], ['leftsemi', scope], ['rightanti', right], ['rightsemi', right],
    ]);
    return [`join kind=${kind} (Source | ${stage} | project ${name} = ${other}, ${more} = tostring(${column(inside)})) on $left.${key} == $right.${name}`, columns];
  },
  (scope) => {
    const [stage, inside] = another();
    const common = inside.filter(({ name, type }) => named(scope, name)?.type === type).slice(0, 8);
    const names = common.map(({ name }) => name).join(', ');
    return names && [`project ${names} | union (Source | ${stage} | project ${names})`, common];
  },
  (scope) => {
    const name = column(scope, ofType('string')) ?? "'a'";
    return [`where ${name} ${pick(['in', '!in'])} ((Source | where ${condition(COLUMNS)} | distinct ${column(COLUMNS, ofType('string'))}))`, scope];
  },
];

/** The first operator of another pipeline over the same table, one that does not begin a third. */
const another = () => step(COLUMNS, OPERATORS.slice(0, -3));

function step(scope, operators = OPERATORS) {
  for (;;) {
    const found = pick(operators)(scope);
    if (found) return found;
  }
}

function pipeline() {
  made = 0;
  let scope = COLUMNS;
  return several(5, () => {
    const [stage, behind] = step(scope);
    scope = behind;
    return stage;
  }).join('\n| ');
}

test('random pipelines give the same over events and over a literal table', async () => {
  let filled = 0;
  for (let n = 0; n < COUNT; n++) {
    const stages = pipeline();
    const told = `Source\n| ${stages}`;
    const events = await query(`let Source = AWSCloudTrail;\n${told}`, [INPUT], OPTIONS);
    const written = await query(`let Source = ${DATATABLE};\n${told}`, [], OPTIONS);
    assert.deepEqual(events.columns, written.columns, told);
    // Without a sort their order is nobody's promise.
    assert.deepEqual(events.rows.map(json).sort(), written.rows.map(json).sort(), told);
    filled += Number(events.rows.length > 0);
  }
  assert.ok(filled > COUNT / 2, `${filled} of ${COUNT} have rows`);
});
