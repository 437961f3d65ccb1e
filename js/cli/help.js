// The options of each command, and its help.

import { LEVELS } from './account.js';
import { BACKTEST_FORMATS } from './backtestreport.js';
import { API_VERSIONS } from '../arm/fields.js';
import { ALERT_FORMATS } from './formats.js';
import { COMPARE_FORMATS } from './comparereport.js';
import { CHECK_FORMATS } from './findings.js';
import { EXPLAIN_FORMATS } from './explain.js';
import { EVENT_FORMATS } from './investigate.js';
import { LIST_FORMATS } from './lists.js';
import { PACKS } from '../packs.js';
import { QUERY_FORMATS } from './query.js';
import { TEST_FORMATS } from './testreports.js';
import { style } from './terminal.js';

export const COMMANDS = ['scan', 'sieve', 'conclude', 'records', 'query', 'summary', 'timeline', 'pivot', 'hunt', 'check', 'test', 'explain', 'backtest', 'compare', 'arm', 'catalogue', 'rules', 'schema', 'functions', 'completion'];

const COMMON = {
  quiet: { short: 'q', about: 'print only results and errors; no summary of a complete run' },
  color: { value: 'WHEN', choices: ['auto', 'always', 'never'], about: 'colours: auto, always or never (default: auto; NO_COLOR and FORCE_COLOR count)' },
  help: { short: 'h', about: 'print this help' },
};

const OUTPUT = { value: 'FILE', short: 'o', about: 'write the results to this file instead of standard output' };
const SUMMARY = { value: 'FILE', about: 'write what was read, skipped and run to this file, as JSON' };
const format = (formats, about) => ({ value: formats.join('|'), choices: formats, about });
const NAMES = ['title', 'id', 'source'];
const SPAN = {
  since: { value: 'TIME', about: 'only events from a time before now on, for example 24h or 7d (m, h, d, w; by the clock of this machine)' },
  from: { value: 'TIME', about: 'only events from this time on, for example 2026-06-17 or 2026-06-17T12:00+02:00 (without a zone it is UTC)' },
  to: { value: 'TIME', about: 'only events before this time' },
};

const NOW = { value: 'TIME', about: 'what now() and ago() mean (default: the time of the last event, or the clock for standard input)' };

const CONTEXT = {
  context: { value: 'DIR', many: true, about: 'add the tables, watchlists and saved functions of a folder, zip or tar archive: NAME.csv or NAME.json is the table NAME,\nNAME.kql, YAML with FunctionQuery or ParserQuery and ARM templates of saved functions are functions' },
  table: { value: 'NAME=FILE', many: true, about: 'add a table or watchlist from a CSV or JSON file; repeat for more.\nNAME:(COLUMN:TYPE, …)=FILE gives its columns, where Forepost does not know them' },
  function: { value: 'FILE', many: true, about: 'add the saved functions of a file (KQL, YAML or an ARM template); repeat for more.\nNAME(PARAMETER:TYPE, …)=FILE gives its name and parameters, where the file is its body alone' },
};

const THREADS = { value: 'N', count: 256, about: 'number of reading threads (default: one per CPU, at most 8; fewer for small inputs)' };
const PACK = { value: PACKS.join('|'), choices: PACKS, about: 'run rules that come with Forepost: aws (51 rules; default without --rules) or ecr (Microsoft’s alone)' };
const ALERTS = {
  rules: { value: 'FILE|DIR', many: true, about: 'run the rules in this YAML file, ARM template, folder, zip or tar archive, with the saved functions in it; repeat for more' },
  pack: PACK,
  rule: { value: 'TEXT', many: true, about: 'of these, only rules with this text in their name, id or file; repeat for more' },
  strict: { about: 'stop if a rule cannot run, instead of leaving it out and naming it' },
  format: format(ALERT_FORMATS, 'output format; ndjson prints one alert per line; md and html are reports'),
  output: OUTPUT,
  summary: SUMMARY,
  severity: { value: 'LEVEL', choices: LEVELS, about: 'print only alerts of this severity or above' },
  'fail-on': { value: 'LEVEL', choices: LEVELS, about: 'exit with status 3 if there is an alert of this severity or above, and everything was read' },
  ...CONTEXT,
  workspace: { value: 'ID', about: 'workspace id to write into the alerts (default: forepost)' },
  'no-evidence': { about: 'omit the source events from the alerts' },
};

export const OPTIONS = {
  scan: {
    ...ALERTS,
    ...SPAN,
    threads: THREADS,
    follow: { about: 'print an alert once event time is 5 minutes past the end of its window;\nthe input must be in time order' },
    ...COMMON,
  },
  sieve: {
    rules: ALERTS.rules,
    pack: PACK,
    rule: ALERTS.rule,
    strict: ALERTS.strict,
    ...SPAN,
    output: { ...OUTPUT, about: 'write the events to this file instead of standard output' },
    summary: SUMMARY,
    ...CONTEXT,
    ...COMMON,
  },
  records: { ...SPAN, output: { ...OUTPUT, about: 'write the events to this file instead of standard output' }, summary: SUMMARY, ...COMMON },
  conclude: {
    ...ALERTS,
    from: { value: 'TIME', about: 'start of the period that the filters covered (with --to);\nneeded for rules that alert when nothing happened' },
    to: { value: 'TIME', about: 'end of that period, for example 2026-06-17T10:00:00Z' },
    ...COMMON,
  },
  explain: {
    event: { value: 'ID|N', about: 'the event to explain: its eventID, or its place in the log, counted from 1' },
    where: { value: 'KQL', about: 'look for the nearest misses among events where this holds, for example \'EventName == "PutObject"\'' },
    nearest: { value: 'N', count: 100, about: 'how many groups of nearest misses to show (default: 5)' },
    expect: { value: 'match|quiet', choices: ['match', 'quiet'], about: 'exit with status 1 if the rule does not alert (match), or alerts (quiet)' },
    format: format(EXPLAIN_FORMATS, 'output format; ndjson is one object on one line'),
    output: OUTPUT,
    ...CONTEXT,
    ...COMMON,
  },
  query: {
    file: { value: 'FILE', short: 'f', about: 'read the query from this file' },
    format: format(QUERY_FORMATS, 'output format; ndjson prints one row per line as an object, line one cell per line'),
    output: OUTPUT,
    summary: SUMMARY,
    now: NOW,
    threads: THREADS,
    'no-truncate': { about: 'print all columns and whole cells in the pretty format' },
    ...CONTEXT,
    batch: { about: 'read one {"id","query"} object per line from standard input and print one answer per line' },
    ...COMMON,
  },
  summary: { format: format(['pretty', 'json', 'md'], 'output format'), ...SPAN, output: OUTPUT, summary: SUMMARY, ...COMMON },
  timeline: {
    format: format(EVENT_FORMATS, 'output format; ndjson prints one event per line'),
    ...SPAN,
    changes: { about: 'only calls that change something (readOnly is false)' },
    output: OUTPUT,
    summary: SUMMARY,
    ...COMMON,
  },
  pivot: { format: format(EVENT_FORMATS, 'output format; ndjson prints one event per line'), ...SPAN, output: OUTPUT, summary: SUMMARY, ...COMMON },
  hunt: {
    format: format(['pretty', 'ndjson'], 'output format; ndjson prints one row per line'),
    now: NOW,
    ...CONTEXT,
    output: OUTPUT,
    summary: SUMMARY,
    ...COMMON,
  },
  check: {
    ...CONTEXT,
    format: format(CHECK_FORMATS, 'output format; ndjson prints one finding per line, github annotates a pull request'),
    strict: { about: 'exit with status 1 for warnings too' },
    against: { value: 'COMMIT', about: 'compare with this commit of git: ids must stay, versions must be raised with changes' },
    output: OUTPUT,
    ...COMMON,
  },
  test: {
    rules: { value: 'DIR', many: true, about: 'find the rules of tests in this folder too, by the names of their files; repeat for more' },
    filter: { value: 'TEXT', many: true, about: 'only tests whose file or name contains this text, or whose rule has\nseverity=…, tactic=…, technique=… or id=…; repeat to narrow further' },
    require: { about: 'a rule without tests is a failure' },
    'min-tests': { value: 'N', count: 1000, about: 'a rule with fewer tests is a failure; from 2 on it needs one that alerts and one that is quiet' },
    changed: { value: 'COMMIT', about: 'only tests that differ from this commit, or whose rule does' },
    benign: { value: 'PATH', many: true, about: 'also run the rules over these logs: an alert is a failure; repeat for more' },
    known: { value: 'FILE', about: 'rules that may alert on them, in YAML: known: [{rule: ID or name, reason: …}]' },
    init: { about: 'write a first test file for the rule file that is named; with logs behind it, from the first alert on them' },
    update: { about: 'rewrite the expectations of tests that fail as the rule now fulfils them; not where CI is set' },
    bail: { about: 'stop at the first test that fails' },
    coverage: { about: 'show which parts of a rule its tests have tried: whole for one test file, else the numbers' },
    lcov: { value: 'FILE', about: 'write the coverage to this file, as LCOV on the lines of the rules' },
    'min-coverage': { value: 'PERCENT', count: 100, about: 'a rule of which less is tried is a failure' },
    mutate: { about: 'change each rule in small ways and name the changes that no test notices' },
    mutants: { value: 'N', count: 10000, about: 'try at most so many changes of a rule (default: 200); implies --mutate' },
    'min-score': { value: 'PERCENT', count: 100, about: 'a rule of whose changes fewer are noticed is a failure; implies --mutate' },
    format: format(TEST_FORMATS, 'output format; ndjson prints one test per line, github annotates a pull request'),
    junit: { value: 'FILE', about: 'also write the results to this file, as JUnit XML' },
    output: OUTPUT,
    ...COMMON,
  },
  backtest: {
    rules: ALERTS.rules,
    pack: PACK,
    expect: { value: 'FILE', about: 'compare the numbers of alerts with those of this YAML file; a difference is a failure' },
    sweep: { value: 'KEY=VALUE,VALUE', many: true, about: 'also show what other values would do: triggerThreshold, triggerOperator, queryFrequency,\nqueryPeriod, aggregationKind or suppressionDuration; repeat for more' },
    strict: ALERTS.strict,
    ...CONTEXT,
    format: format(BACKTEST_FORMATS, 'output format; ndjson prints one rule per line, md is a report'),
    output: OUTPUT,
    summary: SUMMARY,
    ...COMMON,
  },
  compare: {
    format: format(COMPARE_FORMATS, 'output format; ndjson prints one rule per line, md is a comment for a pull request'),
    limit: { value: 'N', count: 100000, about: 'show at most so many alerts of each kind for a rule (default: 10)' },
    strict: ALERTS.strict,
    ...CONTEXT,
    output: OUTPUT,
    summary: SUMMARY,
    ...COMMON,
  },
  arm: {
    yaml: { about: 'the other way: from ARM templates, exports and answers of the REST API to YAML' },
    output: { value: 'FILE|DIR/', short: 'o', about: 'write one file, or into this folder a file for each rule' },
    names: { value: NAMES.join('|'), choices: NAMES, about: 'what files in a folder are called by (default: id for ARM, title for YAML)' },
    force: { about: 'overwrite files that differ' },
    api: { value: 'VERSION', choices: API_VERSIONS, about: `version of the API (default: ${API_VERSIONS[0]}, as the portal exports)` },
    prefix: { value: 'TEXT', about: 'put this before the name of each rule' },
    severity: { value: 'LEVEL', choices: ['Informational', 'Low', 'Medium', 'High'], about: 'give each rule this severity' },
    disabled: { about: 'deploy the rules switched off' },
    'no-incident': { about: 'the rules make alerts, but no incidents' },
    start: { value: 'TIME', about: 'when scheduled rules first run, for example 2026-06-17T10:00:00Z' },
    linked: { about: 'link each rule to the template of the gallery with its id, and keep its version' },
    compact: { about: 'leave out what is null or empty' },
    strict: { about: 'exit with status 1 for warnings too' },
    ...COMMON,
  },
  catalogue: {
    output: { value: 'DIR', short: 'o', about: 'write the site into this folder' },
    title: { value: 'TEXT', about: 'name of the catalogue (default: Sentinel analytic rules)' },
    'base-url': { value: 'URL', about: 'where the site will be: makes the links that deploy rules to Azure, and the feed' },
    'source-url': { value: 'URL', about: 'where the files of the rules are, for example https://github.com/OWNER/NAME/blob/main/rules' },
    date: { value: 'DAY', about: 'day of the feed, for example 2026-06-17 (without one there is none: the same rules give the same bytes)' },
    tests: { about: 'run the tests beside the rules and show their results, and what they have tried of the query' },
    history: { about: 'show the commits of git that changed each rule; the feed then tells these' },
    ...CONTEXT,
    ...COMMON,
  },
  rules: { pack: { ...PACK, about: 'list rules that come with Forepost: aws (51 rules; default without FILE) or ecr (Microsoft’s alone)' }, format: format(LIST_FORMATS, 'output format; ndjson prints one rule per line'), output: OUTPUT, ...COMMON },
  schema: { format: format(LIST_FORMATS, 'output format; ndjson prints one column per line'), output: OUTPUT, ...COMMON },
  completion: { ...COMMON },
  functions: {
    format: format(['pretty', 'ndjson'], 'output format; ndjson prints one function per line as an object'),
    ...COMMON,
  },
};

const STATUS = `0 the rules ran over everything; 1 something was not read, or a rule was left out or failed; 2 it could not run,
  or nothing was read; 3 an alert that --fail-on asks for; 130 stopped with Ctrl-C`;

export const PAGES = {
  scan: {
    usage: 'forepost scan [PATH…|-] [--rules FILE|DIR]… [--pack NAME]',
    about: `Runs Sentinel analytic rules on CloudTrail logs and prints the alerts.

PATH is a file or a folder. In a folder, Forepost reads every file that can hold events, whatever its name, and says
what it passed over. Use - (or no PATH, in a pipe) for standard input. Forepost detects compression and the log format
(S3 files, EventBridge, CloudWatch Logs, LookupEvents, SNS, SQS, NDJSON …) from the content.

A rule that cannot run (it reads a table that was not supplied, or has an error) is left out and named; the others run.

Alerts go to standard output. The summary, the progress bar and all problems go to standard error.`,
    examples: [
      ['forepost scan AWSLogs/', 'run the rules for AWS that come with Forepost on a folder synced from the trail’s bucket'],
      ['forepost scan AWSLogs/ --rules my-rules/', 'run your own Sentinel rules'],
      ['forepost scan AWSLogs/ --rules my-rules/ --pack aws', 'run both'],
      ["forepost scan AWSLogs/ --rules my-rules/ --table AWSGuardDuty=findings.json", 'run rules that also read GuardDuty findings'],
      ['forepost scan AWSLogs/ --rules my-rules/ --context workspace/', 'with the watchlists, tables and functions of a folder'],
      ['forepost scan AWSLogs/ --rule "console" --since 7d', 'some rules, over the last week'],
      ['forepost scan day.json.gz --format ndjson | jq .AlertName', 'pass the alerts to a program'],
      ['aws cloudtrail lookup-events | forepost scan -', 'read events from the AWS API'],
    ],
    status: STATUS,
  },
  sieve: {
    usage: 'forepost sieve [PATH…|-] [--rules FILE|DIR]… [--pack NAME]',
    about: `Prints the events that the rules' own filters keep, one per line, each as its bytes stood (only white space between its
parts goes). These few events are all that the rules need: forepost conclude makes of them the alerts that scan makes of
everything. Keep them in place of the logs, or sieve on each machine and conclude on one. PATH works as in scan.

The first line names Forepost's version and the rules; the last one says from when to when events were read, and whether
all was read. conclude reports it if either does not fit.`,
    examples: [
      ['forepost sieve AWSLogs/ --rules my-rules/ -o candidates.ndjson', 'keep what the rules need'],
      ['forepost conclude candidates.ndjson --rules my-rules/', 'the alerts of forepost scan AWSLogs/ --rules my-rules/'],
      ['cat node-*.ndjson | forepost conclude - --rules my-rules/', 'the sieved events of many machines'],
    ],
    status: `0 everything was read; 1 something was not, or a rule was left out; 2 it could not run, or nothing was read;
  130 stopped with Ctrl-C`,
  },
  records: {
    usage: 'forepost records [PATH…|-]',
    about: `Prints all events, one per line, each as its bytes stood: numbers and escapes stay, only white space between its parts goes.
Whatever scan can read becomes plain NDJSON: gzip, archives, S3 files, EventBridge, exported tables. PATH works as in scan.`,
    examples: [
      ['forepost records AWSLogs/ -o events.ndjson', 'give the events to a tool that reads NDJSON'],
      ['aws s3 cp s3://BUCKET/KEY.json.gz - | forepost records - | head -n 1', 'look at the first event of a file'],
    ],
    status: `0 everything was read; 1 something was not; 2 it could not run, or nothing was read; 130 stopped with Ctrl-C`,
  },
  conclude: {
    usage: 'forepost conclude [PATH…|-] [--rules FILE|DIR]…',
    about: `Builds alerts from events that forepost sieve printed or that filters forwarded. They may come from many machines and in
any order. The alerts are the same as those of one scan over all events.

PATH holds what forepost sieve printed, or the records that the Fluent Bit module (sieve or filter) forwarded, as NDJSON or in
any format that scan reads. The key forepost, which the module adds to a record, is optional. Use the rules that sieved: forepost
sieve names them in its first line, and conclude says if one of its own is not among them; of a module nothing tells.
A module that make filter built without RULES has the rule of --pack ecr.

A filter marks an event "alert" if the event alone raises one. It marks all other matches "candidate": whether they
raise an alert depends on other events of the window, so only conclude can tell.`,
    examples: [
      ['forepost conclude node-*.ndjson --rules my-rules/', 'combine the records of three machines'],
      ['forepost conclude - --rules my-rules/ < candidates.ndjson', 'read records from a pipe'],
    ],
    status: STATUS,
  },
  query: {
    usage: "forepost query 'KQL' [PATH…]\n       forepost query --batch",
    about: `Runs one KQL query. The table AWSCloudTrail holds the events of PATH. PATH works as in scan; - is standard input.
The order of rows is not defined unless the query sorts them.`,
    examples: [
      ["forepost query 'AWSCloudTrail | summarize count() by EventName | top 10 by count_' AWSLogs/", 'list the most common actions'],
      ["forepost query 'AWSCloudTrail | where isnotempty(ErrorCode) | project TimeGenerated, EventName, ErrorCode' day.json.gz --format csv", 'export failed calls for a spreadsheet'],
      ["forepost query 'print split(\"a/b/c\", \"/\")[-1]'", 'evaluate an expression without logs'],
      [`echo '{"id":1,"query":"print 1+1"}' | forepost query --batch`, 'run many queries in one process'],
    ],
    status: `0 the query ran over everything; 1 some input was not read; 2 it could not run, or nothing was read;
  130 stopped with Ctrl-C`,
  },
  summary: {
    usage: 'forepost summary [PATH…|-]',
    about: `Shows on one screen what happened: who, from where, when, which calls changed something, what failed, the newest
access keys, regions, and how many alerts the built-in rules raise.`,
    examples: [
      ['forepost summary AWSLogs/', 'get an overview'],
      ['forepost summary AWSLogs/ --from 2026-06-17 --to 2026-06-18 --format md', 'one day, for a ticket'],
    ],
    status: STATUS,
  },
  timeline: {
    usage: 'forepost timeline [PATH…|-]',
    about: 'Prints all events in the order of their time, one line each.',
    examples: [
      ['forepost timeline AWSLogs/ --changes', 'only what changed something'],
      ['forepost timeline AWSLogs/ --from 2026-06-17T10:00:00Z --format csv -o timeline.csv', 'export for a spreadsheet'],
    ],
    status: STATUS,
  },
  pivot: {
    usage: 'forepost pivot VALUE PATH…',
    about: `Prints all events of an IP address, access key, ARN, account, user or session, in the order of their time. It follows
the sessions and keys that these events made: AssumeRole, GetSessionToken, GetFederationToken and CreateAccessKey.`,
    examples: [
      ['forepost pivot 203.0.113.5 AWSLogs/', 'everything that came from an address, and what followed'],
      ['forepost pivot AKIAEXAMPLEKEY AWSLogs/ --format ndjson', 'everything done with a key'],
    ],
    status: STATUS,
  },
  hunt: {
    usage: 'forepost hunt FILE|DIR [PATH…|-]',
    about: `Runs Sentinel's hunting queries (YAML with name and query, without a schedule) over all events and prints their rows.
Files in the folder that are not hunting queries are passed over. Queries that cannot run are named.`,
    examples: [['forepost hunt hunting-queries/ AWSLogs/', 'run a folder of hunting queries']],
    status: STATUS,
  },
  check: {
    usage: 'forepost check FILE|DIR…',
    about: `Checks rule files for errors without running them: the YAML, Sentinel's limits and the KQL.
In a folder, Forepost checks all .yaml and .yml files, and ARM templates.

Notes are advice; warnings are what the public rule repository would refuse. A comment allows one for its file, with a reason:
  # forepost: allow FP231 we count every event`,
    examples: [
      ['forepost check my-rules/', 'check rules before you deploy them'],
      ['forepost check my-rules/ --format ndjson', 'pass the findings to an editor or a pipeline'],
      ['forepost check my-rules/ --against origin/main', 'in a pull request'],
      ['forepost check my-rules/ --format sarif -o findings.sarif', 'for code scanning; github and junit are other formats for CI'],
    ],
    status: '0 no errors (there may be warnings); 1 a rule has an error; 2 the check could not run',
  },
  test: {
    usage: 'forepost test [FILE|DIR]…\n       forepost test --init RULE [LOG]…',
    about: `Runs the tests of rules: X.test.yaml beside X.yaml. A test gives a few CloudTrail events, whole or in part, and says what the
rule makes of them: alerts with their entities and details, or none. The engine is the one of scan. Without FILE, the tests of this folder.

  events:
    switchedOff: {eventSource: ecr.amazonaws.com, eventName: PutImageScanningConfiguration,
      requestParameters: {imageScanningConfiguration: {scanOnPush: false}}}
  tests:
  - name: scanning switched off
    given: switchedOff
    expect: {alerts: 1, alert: {severity: Medium}}
    quietWhen:
    - set: {errorCode: AccessDenied}

docs/testing.md describes the format.`,
    examples: [
      ['forepost test my-rules/', 'run the tests of a folder'],
      ['forepost test --init my-rules/x.yaml AWSLogs/', 'make a first test of an alert'],
      ['forepost test my-rules/x.yaml --mutate', 'find what the tests of a rule do not notice'],
      ['forepost test my-rules/ --min-tests 2 --format github --junit tests.xml', 'in a pipeline: every rule needs tests of both kinds'],
    ],
    status: '0 all tests passed; 1 a test failed; 2 a test or its rule could not run',
  },
  backtest: {
    usage: 'forepost backtest [PATH…|-] [--rules FILE|DIR]…',
    about: `Replays rules over logs and shows what they would have done: alerts a day, the incidents that the rules' grouping makes of them,
repeats, entities with their share, days that stand out, and how many alerts a week to expect. Of a rule without alerts it says
which calls it looks for and whether they are in the logs. PATH works as in scan.

A rule without alerts is silent; one with less than one a week is quiet, with more than three a day noisy, else steady.

An --expect file has rules: [{rule: ID or name, atLeast: 1, atMost: 10, exactly: 0}] and others: ignore, warn or fail.`,
    examples: [
      ['forepost backtest AWSLogs/ --rules my-rules/', 'see how loud your rules are'],
      ['forepost backtest AWSLogs/ --rules x.yaml --sweep triggerThreshold=0,5,10', 'choose a threshold'],
      ['forepost backtest AWSLogs/ --rules my-rules/ --format md -o backtest.md', 'a report'],
    ],
    status: `0 everything was read and is as expected; 1 something was not read, a rule was left out or failed, or --expect found a difference;
  2 it could not run, or a rule of --expect is not there; 130 stopped with Ctrl-C`,
  },
  compare: {
    usage: 'forepost compare OLD NEW [PATH…|-]',
    about: `Runs two versions of rules over the same logs and shows the difference: what changed in the rules, which alerts are gone, new or
changed, and at which filter the other version ends their events.

OLD and NEW are a file, a folder, or git:COMMIT with a path (git:main:rules/); without one, the path of the other side. Rules belong together
by their id, then by their name.`,
    examples: [
      ['forepost compare old.yaml new.yaml AWSLogs/', 'two files'],
      ['forepost compare git:origin/main rules/ AWSLogs/ --format md', 'what a branch changes, for a pull request'],
    ],
    status: '0 no difference; 1 a difference; 2 it could not run, or something was not read or did not run; 130 stopped with Ctrl-C',
  },
  arm: {
    usage: 'forepost arm FILE|DIR… [-o FILE|DIR/]\n       forepost arm --yaml FILE.json|DIR…|- [-o FILE|DIR/]',
    about: `Writes rules as an ARM template that deploys them to a workspace, in the form that Sentinel's portal exports.
With --yaml, reads them from such templates: exports, templates of solutions, single resources, lists of the REST API.

Everything that has no place in the other form, and every default that stands for something, is said on standard error.
A rule with errors is not converted.`,
    examples: [
      ['forepost arm my-rules/ -o rules.json', 'one template with all rules'],
      ['az deployment group create -g GROUP -f rules.json -p workspace=NAME', 'deploy it'],
      ['forepost arm --yaml Azure_Sentinel_analytics_rules.json -o my-rules/', 'a file for each rule of an export'],
    ],
    status: '0 success; 1 a rule was not converted, or a file not written; 2 the command could not run',
  },
  catalogue: {
    usage: 'forepost catalogue FILE|DIR… -o DIR',
    about: `Writes a static site of rules: a table to search and filter, a page for each rule with its fields, KQL, YAML, ARM template
and findings, the ATT&CK matrix with a layer for the Navigator, and all of it as JSON. The site makes no request to
anywhere else and can be read without scripts. A rule with errors is left out and named.`,
    examples: [
      ['forepost catalogue my-rules/ -o site/', 'open site/index.html in a browser'],
      ['forepost catalogue my-rules/ -o site/ --tests --base-url https://rules.example.com --source-url https://github.com/OWNER/NAME/blob/main/my-rules', 'for a web server'],
    ],
    status: '0 success; 1 a rule was left out or a test failed; 2 a file could not be read, or there was no rule',
  },
  explain: {
    usage: 'forepost explain RULE LOG…',
    about: `Shows why a rule alerts on an event, or does not: every table of the query with its stages, the rows in and out of each, and
the values that decided; then the run, the trigger, suppression, and entities that alerts leave out. Without --event, it shows
the same for all events together, and which filters turned the nearest events away. The verdict is that of scan.`,
    examples: [
      ['forepost explain my-rule.yaml AWSLogs/', 'why is this rule silent'],
      ['forepost explain my-rule.yaml AWSLogs/ --event 6f1c2d3e-0000-4000-8000-000000000001', 'why does it not alert on this event'],
      ["forepost explain my-rule.yaml AWSLogs/ --where 'UserIdentityUserName == \"eve\"' --nearest 3", 'what came nearest of one user'],
    ],
    status: `0 it ran over everything; 1 some input was not read, the rule failed, or --expect is not what happened;
  2 it could not run, there is no such event, or nothing was read; 130 stopped with Ctrl-C`,
  },
  rules: {
    usage: 'forepost rules [FILE|DIR]…',
    about: 'Lists rules: severity, name, schedule, tactics, techniques, id. Without FILE, the built-in rules.',
    examples: [['forepost rules my-rules/ --format csv', 'a list for a spreadsheet']],
    status: '0 success; 1 a file is not a rule; 2 the command could not run',
  },
  schema: {
    usage: 'forepost schema [TABLE]',
    about: `Lists the columns of AWSCloudTrail: name, type, the field of the event, and what it is. For another table whose columns
Forepost knows, name and type.`,
    examples: [['forepost schema', 'what a query can read'], ['forepost schema AWSGuardDuty', 'the columns of --table AWSGuardDuty=FILE']],
    status: '0 success; 2 no such table',
  },
  completion: {
    usage: 'forepost completion bash|zsh|fish',
    about: 'Prints a script that completes commands, options and their values in your shell.',
    examples: [
      ['source <(forepost completion bash)', 'in ~/.bashrc; for zsh in ~/.zshrc'],
      ['forepost completion fish > ~/.config/fish/completions/forepost.fish', 'for fish'],
    ],
    status: '0 success; 2 no such shell',
  },
  functions: {
    usage: 'forepost functions [NAME|FAMILY]…',
    about: `Lists the functions, aggregates, operators and plug-ins of KQL that Forepost supports, with parameters and an example.
Forepost rejects a rule or query that uses any other. The message names it.`,
    examples: [
      ['forepost functions split', 'show one function'],
      ['forepost functions join has', 'show operators'],
      ['forepost functions "IPv4 and IPv6"', 'show a family of functions'],
    ],
    status: '0 success; 2 no such function',
  },
};

/** `forepost --help`. */
export function overview() {
  return `${style.bold('forepost')} runs Microsoft Sentinel analytic rules, unmodified, on AWS CloudTrail logs.

  forepost scan AWSLogs/                  run the rules for AWS that come with Forepost
  forepost scan AWSLogs/ --rules DIR      run your own rules
  forepost sieve AWSLogs/ --rules DIR     print the few events that the rules need
  forepost conclude FILE…                 build alerts from sieved events
  forepost records AWSLogs/               print all events as NDJSON
  forepost query 'KQL' AWSLogs/           run one KQL query
  forepost summary AWSLogs/               show who did what, from where, on one screen
  forepost timeline AWSLogs/              list all events in order
  forepost pivot VALUE AWSLogs/           list all events of an address, key, ARN or session
  forepost hunt DIR AWSLogs/              run hunting queries
  forepost check DIR                      check rule files for errors
  forepost test [DIR]                     run the tests of rules
  forepost backtest AWSLogs/ --rules DIR  show how often rules alert, and on whom
  forepost compare OLD NEW AWSLogs/       show what another version of rules changes
  forepost arm DIR                        write rules as an ARM template, or read them from one
  forepost catalogue DIR -o SITE          write a static site of rules
  forepost explain RULE AWSLogs/          show why a rule alerts, or what came nearest
  forepost rules [DIR]                    list rules
  forepost schema                         list the columns of AWSCloudTrail
  forepost functions                      list the supported functions and operators of KQL

  forepost COMMAND --help                 show options and examples
  forepost help CODE                      explain a code such as KS142 or FP208
  forepost --version                      print the version

Forepost makes no network connections. Your logs stay on this machine.
`;
}

/** `forepost help CODE` */
export const helpOfCode = ({ code, means, remedy }) => `${style.bold(code)}  ${means}\n\n${remedy}\n`;

/** `forepost COMMAND --help`. */
export function help(command) {
  const page = PAGES[command];
  const options = Object.entries(OPTIONS[command]).map(([name, { value, about, short }]) =>
    `  ${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}\n      ${about.replaceAll('\n', '\n      ')}`);
  return `${style.bold('usage:')} ${page.usage}

${page.about}

${style.bold('options')}
${options.join('\n')}

${style.bold('examples')}
${page.examples.map(([line, why]) => `  ${style.dim(`# ${why}`)}\n  ${line}`).join('\n')}

${style.bold('exit status')}
  ${page.status}
`;
}
