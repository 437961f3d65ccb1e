// The options of each command, and the help that teaches them.

import { style } from './terminal.js';

export const COMMANDS = ['scan', 'conclude', 'query', 'check', 'functions'];

const HELP = { short: 'h', about: 'this text' };

const ALERTS = {
  rules: { value: 'FILE|DIR', many: true, about: 'rules to run, as YAML; may be repeated. Without it: the built-in ones' },
  format: { value: 'pretty|ndjson', choices: ['pretty', 'ndjson'], about: 'ndjson: one alert a line, nothing else on standard output' },
  table: { value: 'NAME:(COLUMN:TYPE, …)=FILE', many: true, about: 'a table of your own, as CSV or NDJSON, that rules and queries can read' },
  workspace: { value: 'ID', about: 'the workspace that alerts name' },
  'no-evidence': { about: 'leave the source events out of the alerts' },
  help: HELP,
};

export const OPTIONS = {
  scan: {
    ...ALERTS,
    threads: { value: 'N', count: 256, about: 'how many threads may read; by default as many as there are processors and work for, 8 at most' },
    follow: { about: 'print an alert as soon as the events are past its window by 5 minutes; events must come in order of time' },
  },
  conclude: {
    ...ALERTS,
    from: { value: 'TIME', about: 'when the first event was that any filter saw; with --to: for rules that alert on nothing' },
    to: { value: 'TIME', about: 'when the last one was, like 2026-06-17T10:00:00Z' },
  },
  query: {
    format: { value: 'pretty|ndjson|csv', choices: ['pretty', 'ndjson', 'csv'], about: 'ndjson: one row a line, as an object' },
    table: { value: 'NAME:(COLUMN:TYPE, …)=FILE', many: true, about: 'a table of your own, as CSV or NDJSON, that rules and queries can read' },
    batch: { about: 'read {"id","query"} lines from standard input, write one answer line each' },
    help: HELP,
  },
  check: {
    table: { value: 'NAME:(COLUMN:TYPE, …)=FILE', many: true, about: 'a table of your own, as CSV or NDJSON, that rules and queries can read' },
    format: { value: 'pretty|ndjson', choices: ['pretty', 'ndjson'], about: 'ndjson: one finding a line' },
    help: HELP,
  },
  functions: {
    format: { value: 'pretty|ndjson', choices: ['pretty', 'ndjson'], about: 'ndjson: one function a line, as an object' },
    help: HELP,
  },
};

const PAGES = {
  scan: {
    usage: 'forepost scan [PATH…|-] [--rules FILE|DIR]…',
    about: `Runs Sentinel analytic rules over CloudTrail logs and prints the alerts.

PATH is a file, or a folder that is searched for .json .gz .ndjson .jsonl .log .csv files; - (or no PATH, in a
pipe) reads standard input. gzip and the envelope (S3, EventBridge, CloudWatch Logs, LookupEvents, SNS, SQS,
NDJSON …) are recognised by content. Alerts and nothing else go to standard output; the summary, the progress
and what could not be read go to standard error.`,
    examples: [
      ['forepost scan AWSLogs/', 'the built-in rules over a folder synced from the trail’s bucket'],
      ['forepost scan AWSLogs/ --rules my-rules/', 'your own rules, as they are in Sentinel'],
      ["forepost scan AWSLogs/ --rules my-rules/ --table 'AWSGuardDuty:(TimeGenerated:datetime, Severity:int)=findings.csv'", 'rules that also read a table you have'],
      ['forepost scan day.json.gz --format ndjson | jq .AlertName', 'alerts for a program'],
      ['aws cloudtrail lookup-events | forepost scan -', 'straight from the API'],
    ],
    status: '0 ran; 1 ran, but some input was unreadable; 2 could not run; 130 stopped with Ctrl-C.',
  },
  conclude: {
    usage: 'forepost conclude [PATH…|-] [--rules FILE|DIR]…',
    about: `Makes alerts of what filters let through, from however many machines and in whatever order: the same
alerts that one scan of all events would make. PATH holds the records that the Fluent Bit module passed on (its
sieve, or its filter), as NDJSON or as any store keeps them; the key forepost that it added may be there or not.
Give the rules that the filters were built with. What a filter calls an alert is sure by itself; conclude is for
the candidates, of rules that need the whole window.`,
    examples: [
      ['forepost conclude node-*.ndjson --rules my-rules/', 'what three machines have let through'],
      ['forepost conclude - --rules my-rules/ < candidates.ndjson', 'from a pipe'],
    ],
    status: '0 ran; 1 ran, but some input was unreadable; 2 could not run; 130 stopped with Ctrl-C.',
  },
  query: {
    usage: "forepost query 'KQL' [PATH…]\n       forepost query --batch",
    about: `Runs one KQL query. The table AWSCloudTrail holds the events of PATH (as for scan; - is standard input).`,
    examples: [
      ["forepost query 'AWSCloudTrail | summarize count() by EventName | top 10 by count_' AWSLogs/", 'what happens most'],
      ["forepost query 'AWSCloudTrail | where isnotempty(ErrorCode) | project TimeGenerated, EventName, ErrorCode' day.json.gz --format csv", 'a table for a spreadsheet'],
      ["forepost query 'print split(\"a/b/c\", \"/\")[-1]'", 'no log needed'],
      [`echo '{"id":1,"query":"print 1+1"}' | forepost query --batch`, 'many queries, one process'],
    ],
    status: '0 ran; 1 ran, but some input was unreadable; 2 the query or the command line is wrong.',
  },
  check: {
    usage: 'forepost check FILE|DIR… [--format pretty|ndjson]',
    about: `Says what is wrong with rule files, and where, without running them: YAML, Sentinel's limits, and the KQL.
A folder is searched for .yaml and .yml files.`,
    examples: [
      ['forepost check my-rules/', 'before you deploy'],
      ['forepost check my-rules/ --format ndjson', 'for an editor or a pipeline'],
    ],
    status: '0 no errors (warnings may be); 1 some rule has an error; 2 could not run.',
  },
  functions: {
    usage: 'forepost functions [NAME|FAMILY]…',
    about: `Lists the functions and aggregates of KQL that the engine runs: parameters, one line, an example.
What is not listed is refused by name when a rule or query is loaded.`,
    examples: [
      ['forepost functions split', 'one function'],
      ['forepost functions "IPv4 and IPv6"', 'a family'],
    ],
    status: '0 ran; 2 there is no such function.',
  },
};

/** `forepost --help`. */
export function overview() {
  return `${style.bold('forepost')} runs Microsoft Sentinel analytic rules, unmodified, on AWS CloudTrail logs.

  forepost scan AWSLogs/                  alerts of the built-in rules
  forepost scan AWSLogs/ --rules DIR      alerts of your own rules
  forepost conclude FILE…                 alerts of what pipeline filters let through
  forepost query 'KQL' AWSLogs/           one query over the logs
  forepost check DIR                      what is wrong with rule files, and where
  forepost functions                      what KQL the engine runs

  forepost COMMAND --help                 options and examples
  forepost --version

Nothing leaves this machine.
`;
}

/** `forepost COMMAND --help`. */
export function help(command) {
  const page = PAGES[command];
  const options = Object.entries(OPTIONS[command]).map(([name, { value, about, short }]) =>
    [`${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`, about]);
  const width = Math.max(...options.map(([left]) => left.length));
  return `${style.bold('usage:')} ${page.usage}

${page.about}

${style.bold('options')}
${options.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')}

${style.bold('examples')}
${page.examples.map(([line, why]) => `  ${style.dim(`# ${why}`)}\n  ${line}`).join('\n')}

${style.bold('exit status')}
  ${page.status}
`;
}
