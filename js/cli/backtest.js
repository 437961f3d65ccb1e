// `forepost backtest`: what rules would have done on logs, in figures.

import { parseDocument } from 'yaml';
import { Document } from '../testing/document.js';
import { comparedWith } from '../testing/kql.js';
import { checkShape } from '../testing/shape.js';
import { Account, writeSummary } from './account.js';
import { inputsOf, UsageError } from './args.js';
import { readContext } from './context.js';
import { backtestWriter } from './backtestreport.js';
import { reasonOf } from './files.js';
import { figuresOf } from './figures.js';
import { builtInRules } from '../packs.js';
import { readInto } from './read.js';
import { callsOf, callsQuery, Replay } from './replay.js';
import { chosenRules, newDetector } from './ruleset.js';
import { Several } from './several.js';
import { readText } from './text.js';
import { clean, note, outputTo, remark, style } from './terminal.js';

export async function backtest(options, operands) {
  const paths = inputsOf(operands, 'backtest');
  const files = chosenRules(options, 'backtest') ?? { rules: builtInRules(), functions: [], failed: [] };
  const expectations = options.expect && readExpectations(options.expect);
  const { leftOut: unusable, ...context } = readContext(options, 'backtest', files.functions);
  const sweep = (options.sweep ?? []).map(sweepOf);
  const variants = sweep.flatMap((one) => variantsOf(files.rules, one));
  const { detector, rules, leftOut } = newDetector({ ...files, rules: [...files.rules, ...variants] }, context, options);
  const replay = new Replay(rules);
  const calls = callsQuery();
  const account = new Account();
  account.leftOut = leftOut;
  account.unusable = unusable;
  await readInto(new Several([detector, calls]), paths, account, { afterPart: () => replay.take(detector) });
  detector.finish();
  replay.take(detector);
  const ran = detector.stats();
  account.count({ ...ran, rules: ran.rules - variants.filter(({ id }) => replay.rules.some((rule) => rule.id === id)).length });
  for (const problem of detector.problems()) account.failure(problem);
  const { firstEvent, lastEvent } = ran;
  const { days, names } = callsOf(calls);
  const span = { first: Date.parse(firstEvent), last: Date.parse(lastEvent), days: [...days.keys()] };
  const withFigures = replay.rules.filter(() => firstEvent !== null).map((rule) => ({ ...figuresOf(rule, span), ...why(rule, names) }));
  const isVariant = new Map(variants.map(({ id, of, key, value }) => [id, { of, key, value }]));
  const report = {
    logs: { first: firstEvent, last: lastEvent, days: days.size, events: ran.events, candidates: ran.candidates },
    rules: withFigures.filter(({ id }) => !isVariant.has(id)),
    sweep: withFigures.filter(({ id }) => isVariant.has(id)).map((figures) => ({ ...isVariant.get(figures.id), ...figures })),
    expectations: expectations ? judged(expectations, withFigures.filter(({ id }) => !isVariant.has(id))) : [],
  };
  const output = outputTo(options.output);
  await backtestWriter(options.format ?? 'pretty', output)(report, account);
  await output.close();
  account.failures().forEach(note);
  const missed = report.expectations.filter(({ met }) => !met);
  for (const { message, severity } of missed) note(`${severity === 'warn' ? style.yellow('unexpected') : style.red('not as expected')} ${clean(message)}`);
  const summary = account.reading().join('\n');
  if (account.status === 0) remark(summary);
  else note(summary);
  if (options.summary) writeSummary(options.summary, account, 'backtest');
  detector.dispose();
  calls.dispose();
  if (expectations && missed.some(({ absent }) => absent)) return 2;
  return account.status !== 0 ? account.status : missed.some(({ severity }) => severity !== 'warn') ? 1 : 0;
}

/** Of a silent rule: which calls it looks for never came, and which came and were not enough. */
function why({ alerts, query }, names) {
  if (alerts.length > 0) return {};
  const wanted = comparedWith(query, 'EventName');
  const seen = new Map([...names].map(([name, n]) => [name.toLowerCase(), n]));
  const [came, missing] = [[], []];
  for (const name of wanted) {
    const events = seen.get(name.toLowerCase()) ?? 0;
    if (events > 0) came.push({ name, events });
    else missing.push(name);
  }
  return { looksFor: { came, missing } };
}

const SWEPT = {
  triggerThreshold: ['triggerThreshold'], triggerOperator: ['triggerOperator'], queryFrequency: ['queryFrequency'], queryPeriod: ['queryPeriod'],
  aggregationKind: ['eventGroupingSettings', 'aggregationKind'], suppressionDuration: ['suppressionDuration'],
};

/** `triggerThreshold=0,5,10` */
function sweepOf(text) {
  const [key, values] = text.split('=', 2);
  if (!Object.hasOwn(SWEPT, key) || !values) throw new UsageError(`--sweep must have the form KEY=VALUE,VALUE with the key ${Object.keys(SWEPT).join(', ')}, not ${JSON.stringify(text)}`, 'backtest');
  return { key, values: values.split(',').map((value) => value.trim()).filter(Boolean) };
}

/** Each rule with each value: `[{file, text, id, of, key, value}]`. They have ids of their own, so that one detector runs them all. */
function variantsOf(rules, { key, values }) {
  return rules.flatMap(({ file, text }, i) => values.flatMap((value, j) => {
    const document = parseDocument(text);
    const of = document.get('id');
    if (document.errors.length > 0 || typeof of !== 'string') return [];
    const id = `${(i * 1000 + j).toString(16).padStart(8, '0')}${hash(`${of} ${key}`)}`;
    document.set('id', id);
    document.setIn(SWEPT[key], /^\d+$/.test(value) ? Number(value) : value);
    if (key === 'suppressionDuration') document.set('suppressionEnabled', true);
    return [{ file: `${file} with ${key} ${value}`, text: document.toString({ lineWidth: 0 }), id, of, key, value }];
  }));
}

/** The rest of a UUID, the same for the same text. */
function hash(text) {
  let n = 0n;
  for (const c of text) n = (n * 1_000_003n + BigInt(c.codePointAt(0))) % (1n << 96n);
  const hex = n.toString(16).padStart(24, '0');
  return `-${hex.slice(0, 4)}-4${hex.slice(5, 8)}-8${hex.slice(9, 12)}-${hex.slice(12, 24)}`;
}

const EXPECTATIONS = {
  type: 'object', additionalProperties: false, required: ['rules'],
  properties: {
    others: { enum: ['ignore', 'warn', 'fail'] },
    rules: {
      type: 'array', minItems: 1,
      items: {
        type: 'object', additionalProperties: false, required: ['rule'],
        properties: { rule: { type: 'string' }, atLeast: { type: 'integer', minimum: 0 }, atMost: { type: 'integer', minimum: 0 }, exactly: { type: 'integer', minimum: 0 } },
      },
    },
  },
};

function readExpectations(path) {
  try {
    const document = new Document(path, readText(path, 1 << 20));
    checkShape(document, EXPECTATIONS);
    return document.value;
  } catch (error) {
    throw new UsageError(error.code === 'bad-test-file' ? error.message : `--expect: cannot read ${clean(path)}: ${clean(reasonOf(error, path))}`, 'backtest');
  }
}

/** `[{rule, met, message, severity, absent}]`, for the rules that are named and then for the others. */
function judged({ rules, others = 'ignore' }, figures) {
  const named = new Set();
  const list = rules.map(({ rule, atLeast, atMost, exactly }) => {
    const found = figures.find(({ id }) => id === rule) ?? figures.find(({ name }) => name === rule);
    if (!found) return { rule, met: false, absent: true, severity: 'fail', message: `${rule} is none of the rules that ran` };
    named.add(found.id);
    const wanted = [...(exactly === undefined ? [] : [['exactly', found.alerts === exactly, exactly]]), ...(atLeast === undefined ? [] : [['at least', found.alerts >= atLeast, atLeast]]), ...(atMost === undefined ? [] : [['at most', found.alerts <= atMost, atMost]])];
    const wrong = wanted.filter(([, met]) => !met).map(([word, , n]) => `${word} ${n}`);
    return { rule: found.name, met: wrong.length === 0, severity: 'fail', message: `${found.name}: ${found.alerts} alerts, expected ${wrong.join(', ')}` };
  });
  const loud = others === 'ignore' ? [] : figures.filter(({ id, alerts }) => !named.has(id) && alerts > 0);
  return [...list, ...loud.map(({ name, alerts }) => ({ rule: name, met: false, severity: others, message: `${name}: ${alerts} alerts, none expected` }))];
}
