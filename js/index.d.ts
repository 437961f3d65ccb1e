/** Runs Microsoft Sentinel analytic rules, unmodified, on AWS CloudTrail logs. */

/** `WebAssembly.Module`, which only TypeScript's DOM and web worker libraries declare. */
type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;

/** The source of the WebAssembly module. */
export type ModuleSource =
  | string | URL | Request | Response
  | ArrayBuffer | ArrayBufferView
  | WasmModule
  | { readonly default: WasmModule };

/**
 * Loads the engine. Await it before you use anything else. Without an argument it loads the module of the package. Further calls do
 * nothing; after a failure the next call tries again.
 *
 * @example
 * ```js
 * import { load, version } from 'forepost';
 *
 * await load();                        // the module of the package
 * // await load('/assets/forepost.wasm');   or your own copy: a URL, a Response, bytes, a WebAssembly.Module
 * console.log(version());
 * ```
 */
export function load(source?: ModuleSource | Promise<ModuleSource>): Promise<void>;

/**
 * Synchronous form of `load()`. In Node, Bun, Deno and Cloudflare Workers, and everywhere with `forepost/inline`, it needs no argument;
 * in browsers, `forepost` needs one.
 *
 * @example
 * ```js
 * import { Detector, loadSync } from 'forepost/inline';   // the same package with the module inside: 4 MB of text
 *
 * loadSync();
 * const detector = new Detector();
 * ```
 */
export function loadSync(source?: ArrayBuffer | ArrayBufferView | WasmModule): void;

/** Returns the version of the engine. */
export function version(): string;

/**
 * A rule: the YAML text as Sentinel publishes it, or an ARM template, which may hold several. The object form adds the file name that
 * messages use; a rule of several in a template is called `rules.json#/resources/1`.
 */
export type Rule = string | { readonly file: string; readonly text: string };

/**
 * The rules that come with Forepost, once the module is loaded: `aws`, fifty for AWS and Microsoft's, which run where no rules are named, or `ecr`,
 * Microsoft's alone. They are compiled already: to run them together with your own costs little.
 *
 * ```js
 * const detector = new Detector({ rules: [...builtInRules(), yaml] });
 * ```
 */
export function builtInRules(pack?: 'aws' | 'ecr'): { file: string; text: string }[];

export interface DetectorOptions {
  /** The rules to run, in Sentinel's YAML or as ARM templates. An empty array is refused. Default: `builtInRules()`. */
  rules?: string | readonly Rule[];
  /** Whether alerts carry their source events in `Evidence`. Default: true. */
  evidence?: boolean;
  /**
   * Whether a window closes as soon as event time is 5 minutes past its end (5 minutes is Sentinel's delay). The input must then be in
   * time order. If false, windows close in `advanceTo()` and `finish()`, and inputs may come in any order. Default: false.
   */
  stream?: boolean;
  /** The workspace id in `AlertType` and `Data Sources` of the alerts. Default: `forepost`. */
  workspace?: string;
  /** Tables besides AWSCloudTrail that the rules can read. */
  tables?: readonly Table[];
  /** Functions that the workspace has saved, and rules call. */
  functions?: SavedFunctions;
  /** Only events from this time on count; the account says how many others there were. Default: all. */
  from?: Date | string | bigint;
  /** Only events before this time count. Default: all. */
  to?: Date | string | bigint;
  /**
   * How many bytes may be read over all inputs: after decompression, and the contents of envelopes again. What lies beyond is not read, and a
   * problem with the code `input_limit` says so. Set it for input from strangers, because gzip makes a thousand bytes of one. Default: no limit.
   */
  maxInflatedBytes?: number;
  /** How many events, and parts that are none, may be read over all inputs. Beyond it as above. Default: no limit. */
  maxEvents?: number;
  /**
   * Whether a table of AWS's logs is empty of which the inputs have no record, as in a test of a rule, or where others have filtered the inputs.
   * Otherwise that log was not given: `finish()` leaves out the rules that need it, and the account names them. Default: false.
   */
  emptyTables?: boolean;
}

/**
 * A table of your own. A watchlist is a table with the name of the watchlist's alias.
 *
 * @example
 * ```js
 * const tables = [{ name: 'AWSGuardDuty', schema: 'TimeGenerated:datetime, Severity:int', data: csvText }];
 * ```
 */
export interface Table {
  name: string;
  /**
   * The columns with their Kusto types: `name:type, name:type`. Default: Microsoft's columns for the tables of AWS's logs, SecurityAlert,
   * SecurityIncident, SigninLogs, AuditLogs, AzureActivity, ThreatIntelligenceIndicator and IdentityInfo; for others what the data show:
   * JSON has types, and columns of CSV are strings (TimeGenerated is a datetime).
   */
  schema?: string;
  /** CSV with a header line; or JSON: an object a line, an array, or what an API answered. GuardDuty's own findings fill AWSGuardDuty. */
  data: string | Uint8Array;
}

/**
 * Functions that the workspace has saved: KQL of `let NAME = (PARAMETERS) { … };`, Sentinel's YAML of a parser, or, with the name of the
 * file, the query that is the body of a function without parameters.
 *
 * @example
 * ```js
 * const functions = [{ file: 'ActorOf.kql', text: 'let ActorOf = (T:(UserIdentityArn:string)) { T | extend Actor = split(UserIdentityArn, "/")[-1] };' }];
 * ```
 */
export type SavedFunctions = string | readonly Rule[];

/** Part of a log file, as bytes or text. */
export type Chunk = Uint8Array | ArrayBuffer | ArrayBufferView | string;

/** One input, usually one file: its bytes or text, what contains them, or an iterable or stream of its chunks. A chunk may end anywhere. */
export type Input = Whole | Iterable<Chunk> | AsyncIterable<Chunk> | Promise<Whole>;

type Whole = Chunk | Blob | Response | Request | ReadableStream<Chunk> | NodeStream;
type NodeStream = AsyncIterable<Chunk> & { pipe: unknown };

interface Reader {
  /**
   * Reads a chunk of the current input. Chunks may end anywhere; a text chunk must not split a surrogate pair. The engine detects gzip
   * and the log format from the content.
   */
  push(data: Chunk): void;
  /** Ends the current input. The next push starts another one. */
  endInput(): void;
  /** Returns the problems since the last call. Call it after each `endInput()`, because offsets refer to that input. */
  problems(): Problem[];
  /** Returns counts of everything read so far. */
  stats(): Stats;
  /** Returns what was read so far, what was not, and which rules failed: look at it before you believe that there are no alerts. */
  account(): Account;
  /** Frees the engine's memory now instead of when this object is garbage-collected. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/**
 * Runs rules over a stream of events. Rule schedules follow event time, not the clock.
 *
 * @example One file
 * ```js
 * import { createReadStream } from 'node:fs';
 * import { Detector, load } from 'forepost';
 *
 * await load();
 * const detector = new Detector({ rules: [yamlText] });
 * for await (const alert of detector.scan(createReadStream('day.json.gz'))) {
 *   console.log(alert.AlertSeverity, alert.AlertName);
 * }
 * ```
 *
 * @example Several files
 * ```js
 * for (const bytes of files) {
 *   detector.push(bytes);
 *   detector.endInput();
 *   for (const { offset, message } of detector.problems()) console.warn(offset, message);
 * }
 * detector.finish();
 * for (const alert of detector.alerts()) console.log(alert.AlertName);
 * ```
 */
export interface Detector extends Reader {
  /** Warnings about the loaded rules, which still run. They are read on first access, so access them before `dispose()`. */
  readonly warnings: readonly Diagnostic[];
  /** Ends the input and closes all open windows. Call `alerts()` to collect the results. */
  finish(): void;
  /** Forgets all that was read and found, and begins anew with the same rules: quicker than another detector. */
  restart(): void;
  /**
   * Tells the detector which period other readers covered, when only candidate events are pushed here. Rules that alert when nothing
   * happened need it: they run for every window of the period.
   */
  observe(first: Date | string | bigint, last: Date | string | bigint): void;
  /**
   * Closes the windows that ended before a time, for streams that never end. A string is ISO 8601 with a time zone; a bigint counts
   * ticks of 100 ns since year 1, UTC.
   */
  advanceTo(time: Date | string | bigint): void;
  /** Returns the alerts since the last call. Integers beyond 2^53 in the evidence are rounded; `alertTexts()` keeps them. */
  alerts(): Alert[];
  /**
   * Returns pending alerts as NDJSON: at most about 16 MiB per call, and an empty string when none is left. Use `alertTexts()` to get
   * all of them.
   */
  alertsText(): string;
  /** Yields all pending alerts as NDJSON chunks. */
  alertTexts(): Generator<string, void, undefined>;
  /**
   * Returns a transform stream for one input: bytes in, alerts out.
   *
   * @example
   * ```js
   * const alerts = response.body.pipeThrough(new Detector().stream());
   * ```
   */
  stream(): TransformStream<Chunk, Alert>;
  /** Reads one input to its end, closes all windows and yields the alerts. `problems()` then says what could not be read. */
  scan(input: Input): AsyncGenerator<Alert, void, undefined>;
  /**
   * Reads one input to its end, closes all windows and yields the alerts as NDJSON, in pieces of any size. It keeps every digit, and makes a
   * Node stream of a detector.
   *
   * @example A pipeline, and a Transform
   * ```js
   * import { createReadStream, createWriteStream } from 'node:fs';
   * import { Duplex } from 'node:stream';
   * import { pipeline } from 'node:stream/promises';
   *
   * const detector = new Detector();
   * await pipeline(createReadStream('day.json.gz'), (input) => detector.lines(input), createWriteStream('alerts.ndjson'));
   *
   * const transform = Duplex.from((input) => new Detector().lines(input));
   * socket.pipe(transform).pipe(process.stdout);
   * ```
   */
  lines(input: Input): AsyncGenerator<string, void, undefined>;
}

export const Detector: {
  /** Throws a RuleError if any rule has an error. */
  new (options?: DetectorOptions): Detector;
  readonly prototype: Detector;
};

/** A part of an input that could not be read, or a run of a rule that failed. The engine goes on with everything else. */
export interface Problem {
  /** The byte offset in the input, after decompression. Null if the problem does not concern a place in an input. */
  offset: number | null;
  /** For programs, for example `bad_json`, `gzip_damaged` or `FP301`. */
  code: string;
  /** For people. */
  message: string;
  /** The name of the rule that failed, if the problem is about one: its alerts are missing. */
  rule?: string;
  /** How many of its runs failed; `message` is about the first. */
  runs?: number;
}

/** A finding about a rule. Positions count UTF-16 units, as JavaScript and editors do. */
export interface Diagnostic {
  file: string;
  rule: string | null;
  severity: 'error' | 'warning' | 'information';
  /** Kusto's code (`KS142`) if Kusto has one, otherwise Forepost's (`FP208`). */
  code: string;
  message: string;
  /** How to fix it, if there is a simple way. */
  hint: string | null;
  /** The line, counted from 1. */
  line: number;
  /** The column, counted from 1. */
  column: number;
  /** Offset of the first character in the text of the file. */
  start: number;
  /** Offset after the last character. */
  end: number;
}

/**
 * What a run read, skipped and could not do: the same in `account()`, in the answers of `forepost/worker` and in `forepost … --summary FILE`, which
 * adds `status`, the names of files, and alerts by severity and rule.
 *
 * @example
 * ```js
 * const { complete, inputs, events, rules } = detector.account();
 * if (!complete) console.warn(`${inputs.problems.count} problems, ${events.untimed} events without a time, ${rules.failed.length} rules failed`);
 * ```
 */
export interface Account {
  /** Whether something was read, nothing of it was left out, and every rule ran. */
  complete: boolean;
  inputs: {
    /** Inputs that were found, and those that were read to their end. */
    found: number;
    read: number;
    bytes: number;
    inflatedBytes: number;
    /** What could not be opened. */
    unreadable: { path: string; reason: string }[];
    /** What was passed over in a folder. */
    skipped: { count: number; files: { path: string; reason: string }[] };
    problems: { count: number; first: (Problem & { path: string })[] };
  };
  events: {
    read: number;
    first: string | null;
    last: string | null;
    /** Without a readable time. */
    untimed: number;
    /** Outside `from` and `to`. */
    outside: number;
    late: number;
    dropped: number;
    ahead: number;
    digests: number;
    /** Number of events by log format. */
    formats: Record<string, number>;
    /** Records of AWS's other logs by table. */
    tables: Record<string, number>;
  };
  /** Detector only. */
  rules?: {
    ran: number;
    leftOut: { file: string; rule: string | null; code: string; message: string }[];
    /** Rules that failed in some of their runs: alerts are missing. Without `rule`, it is about all. */
    failed: { rule?: string; runs: number; code: string; message: string }[];
  };
  /** Detector only. */
  alerts?: { total: number; /** Alerts that `--severity` leaves out. */ belowSeverity?: number; bySeverity?: Record<string, number>; byRule?: { rule: string; severity: string; alerts: number }[] };
}

export interface Stats {
  /** Bytes of the inputs. */
  bytes: number;
  /** Bytes after decompression. */
  inflatedBytes: number;
  events: number;
  /** Events that passed the row filters of at least one rule. */
  candidates: number;
  problems: number;
  /** Events that arrived after their window had closed. Rules ignore them. */
  late: number;
  /** Candidates dropped because the limit was reached. */
  dropped: number;
  /** Events without a readable `eventTime`. Scheduled rules ignore them. */
  untimed: number;
  /** Events outside `from` and `to`. */
  outside: number;
  /** CloudTrail digest files. They hold no events, and are no problem. */
  digests: number;
  /** Events, or runs of events read at once, later than this machine's clock by more than five minutes. With `stream`, they close no window. */
  ahead: number;
  /** Number of events by log format. */
  envelopes: Record<string, number>;
  /** Number of records of AWS's other logs by table, such as `AWSVPCFlow`; they count as events too. Without any, it is not there. */
  tables?: Record<string, number>;
  firstEvent: string | null;
  lastEvent: string | null;
  /** Detector only. */
  alerts?: number;
  /** Detector only. */
  rules?: number;
}

/**
 * A row of Sentinel's `SecurityAlert` table, plus the evidence. `Entities` and `ExtendedProperties` are JSON text, as in Sentinel.
 *
 * @example
 * ```js
 * const entities = alert.Entities === '' ? [] : JSON.parse(alert.Entities);
 * const accounts = entities.filter(({ Type }) => Type === 'account').map(({ Name }) => Name);
 * const { 'Analytic Rule Name': rule } = JSON.parse(alert.ExtendedProperties);
 * ```
 */
export interface Alert {
  /** When Sentinel would have run the rule. */
  TimeGenerated: string;
  /** The same for the same rule, window and result rows. */
  SystemAlertId: string;
  DisplayName: string;
  AlertName: string;
  AlertSeverity: 'Informational' | 'Low' | 'Medium' | 'High';
  Description: string;
  /** `<workspace>_<rule id>` */
  AlertType: string;
  /** Time of the first event. */
  StartTime: string;
  /** Time of the last event. */
  EndTime: string;
  ProcessingEndTime: string;
  /** Separated by commas. */
  Tactics: string;
  /** JSON text of an array: `["T1562"]`. */
  Techniques: string;
  /** JSON text of an array: `["T1562.001"]`. */
  SubTechniques: string;
  /**
   * JSON text of an array, or an empty string. Each entity has `$id`, `Type` (in lower case) and the identifiers that the rule maps:
   * `[{"$id":"3","Name":"ana","CloudAppAccountId":"111122223333","Type":"account"},{"$id":"4","Address":"203.0.113.5","Type":"ip"}]`.
   */
  Entities: string;
  /**
   * JSON text of an object. All its values are strings. Some keys: `Query`, `Query Start Time UTC`, `Query End Time UTC`, `Analytic Rule Ids`,
   * `Analytic Rule Name`, `Search Query Results Overall Count` and `Custom Details` (JSON text again).
   */
  ExtendedProperties: string;
  /** Only in Forepost: the source events behind each result row. Absent with `evidence: false`. */
  Evidence?: EvidenceRow[];
  [column: string]: unknown;
}

/**
 * One result row of the rule's query with the CloudTrail events it comes from.
 *
 * @example
 * ```js
 * for (const { row, events } of alert.Evidence ?? []) {
 *   for (const { eventID, record } of events) console.log(eventID, record.eventName, record.errorCode, row.SourceIpAddress);
 * }
 * ```
 */
export interface EvidenceRow {
  /** The result row: values by column name. */
  row: Record<string, unknown>;
  /** The events: `record` is the CloudTrail event as it was logged, `eventID` its id. At most 1,000 events. */
  events: { eventID: string | null; record: Record<string, unknown> }[];
  /** Number of events that were omitted because the limit was reached. */
  eventsLeftOut?: number;
}

/**
 * Checks rule files without running them.
 *
 * @example
 * ```js
 * for (const { severity, line, column, code, message } of check([{ file: 'my-rule.yaml', text }])) {
 *   console.log(`${severity} ${line}:${column} ${message} [${code}]`);
 * }
 * ```
 */
export function check(rules: string | readonly Rule[], options?: Context): Diagnostic[];

export interface QueryResult {
  columns: { name: string; type: string }[];
  /** The values of each row, in the order of the columns. Integers beyond 2^53 are bigints. Datetimes, timespans, guids and decimals are strings. */
  rows: unknown[][];
  /**
   * Returns the rows as objects: values by column name.
   *
   * @example
   * ```js
   * const result = await query('AWSCloudTrail | summarize Count = count() by EventName', file);
   * for (const { EventName, Count } of result.objects()) console.log(EventName, Count);
   * ```
   */
  objects<Row = Record<string, unknown>>(): Row[];
}

/**
 * Runs one KQL query over events that come bit by bit. `query()` is simpler if you have all inputs.
 *
 * @example
 * ```js
 * const run = new Query('AWSCloudTrail | where ErrorCode != "" | summarize count() by UserIdentityArn', { now: new Date() });
 * for (const file of files) {
 *   run.push(file);
 *   run.endInput();
 * }
 * console.table(run.result().objects());
 * run.dispose();
 * ```
 */
export interface Query extends Reader {
  /** What is odd about a query that runs, for example a table that `isfuzzy` leaves out. */
  readonly warnings: readonly Pick<Diagnostic, 'severity' | 'code' | 'message' | 'hint' | 'start' | 'end'>[];
  /** Whether the query reads the table AWSCloudTrail. */
  readonly readsEvents: boolean;
  /** Whether each event makes its rows by itself, so that `takeRows()` gives them while the input is read. */
  readonly streams: boolean;
  /** Whether further input changes nothing, for example after the rows of a `take`. */
  readonly complete: boolean;
  /**
   * Whether this reading of the inputs only shows which columns `bag_unpack` or `pivot` makes, because the query does not declare them.
   * When all inputs were pushed, call `readAgain()`, and push them once more, as often as this is true. `query()` does that by itself.
   */
  readonly readsAgain: boolean;
  /** The inputs come again from the beginning. Throws a QueryError if the rest of the query does not fit the columns that were found. */
  readAgain(): void;
  /** If the query `streams`, the rows since the last call; otherwise none. `result()` gives the rest. */
  takeRows(): QueryResult;
  /** Ends the input and returns the answer. Throws a QueryError if the query fails at run time. */
  result(): QueryResult;
}

/** What a rule or query can refer to besides the events. */
export interface Context {
  /** Tables besides AWSCloudTrail. */
  tables?: readonly Table[];
  /** Functions that the workspace has saved. */
  functions?: SavedFunctions;
}

export interface QueryOptions extends Context {
  /** The value of `now()` in the query. Default: the current time. */
  now?: Date | string | bigint;
}

export const Query: {
  /** Throws a QueryError if the query is wrong or uses something unsupported. */
  new (kql: string, options?: QueryOptions): Query;
  readonly prototype: Query;
};

/**
 * Runs a query over one input, or over an array of inputs. `problems` has one list per input: look at it, because what could not be read
 * is not in the answer. An iterable that is neither an array nor a stream is refused: it could yield inputs or the chunks of one.
 *
 * @example
 * ```js
 * import { createReadStream } from 'node:fs';
 * import { load, query } from 'forepost';
 *
 * await load();
 * const kql = 'AWSCloudTrail | summarize count() by EventName | top 10 by count_';
 * const result = await query(kql, createReadStream('day.json.gz'));            // or bytes, a string, a Blob, await fetch(url)
 * const { columns, rows, problems } = await query(kql, [monday, tuesday]);     // several inputs
 * console.table(result.objects());
 * ```
 */
export function query(
  kql: string,
  inputs?: Whole | Promise<Whole> | readonly Input[],
  options?: QueryOptions,
): Promise<QueryResult & { problems: Problem[][] }>;

/** One event: an object, or its JSON text. */
export type EventInput = object | string | Uint8Array;

/** An alert that a Detector made: one object of its NDJSON. */
export interface AlertWithEvidence {
  SystemAlertId: string;
  ExtendedProperties: string;
  Evidence?: readonly unknown[];
}

export interface ExplainOptions {
  /** The event that is looked at: its place among the events, or its eventID. One event alone is looked at anyway; of several, all are if none is named. */
  event?: number | string;
  /** The run to show: the end of its window. Default: the run that alerts, or else the one that comes farthest; of an alert, its own. */
  tick?: Date | string | bigint;
  /** Tables that the rule reads besides AWSCloudTrail. */
  tables?: readonly Table[];
  /** Functions that the workspace has saved, and the rule calls. */
  functions?: SavedFunctions;
}

/** Why a rule matched events, or did not. Positions are UTF-16 offsets into `query`. */
export interface Explanation {
  /** The rule's name. */
  rule: string;
  severity: string;
  query: string;
  /** Warnings about the rule. */
  findings: Diagnostic[];
  /** Whether a Detector alerts on the event that is looked at, or on the events; `failed` if a run failed and none alerts. */
  verdict: 'alert' | 'quiet' | 'failed';
  /** How many alerts a Detector makes of these events; of one run, if that run was asked for. */
  alerts: number;
  /** How many events were given. */
  events: number;
  /** The event that is looked at. */
  event: { index: number; id: string; name: string; time: string | null } | null;
  /** The run that is shown; null if no event has a readable time. */
  run: ExplainedRun | null;
  /** Where it ended; null if it alerts. Of a stage, `text` is the part of the query that decided. */
  stopped: ExplainedStop | null;
  /** How many stages were passed, of how many on the way. */
  passed: number;
  stages: number;
  /** The scalars and lists that `let` statements name. */
  lets: (Shown & { name: string; start: number; end: number })[];
  /** The tabular parts of the query. The first is the statement that answers. */
  branches: ExplainedBranch[];
  /** What was left out, in words. */
  cut: string[];
}

export interface ExplainedStop {
  at: 'stage' | 'trigger' | 'suppression' | 'time' | 'error';
  text: string;
  branch?: number;
  stage?: number;
  operator?: string;
  start?: number;
  end?: number;
}

/** A run of the rule, and what came behind its query. */
export interface ExplainedRun {
  /** The end of its window, and `now()`. */
  tick: string;
  from: string;
  to: string;
  published: string;
  /** The runs that see the event that is looked at. */
  seenBy: { runs: number; first: string; last: string } | null;
  /** How many rows the query yields; null if it failed, and `error` says why. */
  rows: number | null;
  error?: string;
  trigger: { operator: string; threshold: number; fires: boolean };
  grouping: 'SingleAlert' | 'AlertPerResult';
  /** How many alerts the rows make, were the rule not silenced. */
  alerts: number;
  /** For how long an alert silences the rule, and until when one before this run did. */
  suppression: string | null;
  suppressedUntil: string | null;
  /** The entities of its first alert. */
  entities: { type: string; identifiers: Record<string, string | boolean> }[];
  /** Entities and details that its alerts do not have, and why. */
  leftOut: { what: string; identifiers: Record<string, string>; why: string }[];
}

/** A table of the query with the stages behind it. */
export interface ExplainedBranch {
  id: number;
  kind: 'query' | 'let' | 'union' | 'join' | 'list' | 'scalar' | 'subquery' | 'graph';
  /** The name of the `let` it stands in. */
  name: string | null;
  /** What it is to the stage that reads it, in words. */
  label: string;
  /** The first stage that reads it. */
  parent: { branch: number; stage: number } | null;
  /** The table it begins with, or the `let`. */
  table: string | null;
  start: number;
  end: number;
  rowsOut: number;
  /** Rows that are made of the event that is looked at. */
  eventRowsOut: number;
  stages: ExplainedStage[];
}

export interface ExplainedStage {
  /** As it is written: `where`, `join` …; `table` for what a branch begins with. */
  operator: string;
  table: string | null;
  start: number;
  end: number;
  rowsIn: number;
  rowsOut: number;
  eventRowsIn: number;
  eventRowsOut: number;
  /** What became of the event's rows, or of all. `late`: a stage before stopped them; this one was worked out for show. */
  state: 'passed' | 'stopped' | 'late' | 'unreached' | 'failed';
  /** With `late`: whether it would have let a row through. */
  would?: boolean;
  /** The other branches that it reads. */
  branches: number[];
  /** Rows with the values of the stage's expressions: of a join, rows of both sides with their keys; `branch` is then the right one. */
  rows: { passed: boolean | null; branch?: number; events: string[]; steps: ExplainedStep[] }[];
  /** Rows that it made of several: groups with keys and aggregates. */
  made: { values: (Shown & { name: string })[]; events: number; ofEvent: boolean }[];
}

/** A value, of a large one the beginning. `cut`: how many characters or items it has. */
export interface Shown {
  value: unknown;
  type: string;
  cut?: number;
}

/** A part of an expression and its value. */
export interface ExplainedStep extends Shown {
  start: number;
  end: number;
  /** It made the filter say what it said. */
  decides?: true;
  /** A name that a `let` gave, or what is worked out once a run. */
  constant?: true;
}

/**
 * Explains one rule on events: on one, on one among others (`event`), on several together, or on an alert's evidence. The verdict is a
 * Detector's. Throws a RuleError if the rule has an error.
 *
 * @example
 * ```js
 * const { verdict, stopped, run } = explain(yamlText, event);
 * console.log(verdict === 'alert' ? `${run.rows} rows` : `ended at ${stopped.text}`);
 * ```
 */
export function explain(rule: Rule, events: EventInput | Iterable<EventInput> | AlertWithEvidence, options?: ExplainOptions): Explanation;

/** What one of several rules makes of an event: see {@link explainAll}. */
export interface ExplainedRule {
  file: string;
  rule: string | null;
  verdict: 'alert' | 'quiet' | 'failed';
  severity?: string;
  alerts?: number;
  stopped?: ExplainedStop | null;
  passed?: number;
  stages?: number;
  /** Of a rule that cannot run: why. */
  findings?: Diagnostic[];
}

/**
 * Explains all rules on the same event or events: those that alert first, then those with the fewest stages left.
 *
 * @example
 * ```js
 * for (const { rule, verdict, stopped } of explainAll(rules, event)) console.log(rule, verdict, stopped?.text ?? '');
 * ```
 */
export function explainAll(rules: string | readonly Rule[], events: EventInput | Iterable<EventInput>, options?: Omit<ExplainOptions, 'tick'>): ExplainedRule[];

/** What a test tries together: events, and the tables that the rule reads. */
export interface CoverageCase {
  events: Iterable<EventInput>;
  tables?: readonly Table[];
}

/** Something that tests of a rule should try. */
export interface CoverageObligation {
  kind: 'stage' | 'operand' | 'arm' | 'leg' | 'trigger';
  /** `where`, `join` …; of an operand `and` or `or`; of an arm the function; of a leg the operator that reads it. */
  operator: string;
  start: number;
  end: number;
  /** In the rule's file, from 1. */
  line: number;
  column: number;
  endLine: number;
  /** What should be seen and how often it was: `passed` and `rejected`, `matched` and `unmatched`, `true` and `false`, `taken`, `rows`, `fired` and `quiet`. */
  counts: Record<string, number>;
  /** Of an operand: how often it alone decided. */
  decided?: number;
}

export interface Coverage {
  /** The rule's name. */
  rule: string;
  query: string;
  findings: Diagnostic[];
  /** In the order of the query, the trigger last. */
  obligations: CoverageObligation[];
  /** How many of the obligations' counts are more than zero, of how many. */
  met: number;
  total: number;
  /** How many runs of the rule's schedule there were. */
  runs: number;
  /** Runs that failed, by the place of their case. */
  failed: { case: number; message: string }[];
  /** What was left out, in words. */
  cut: string[];
}

/**
 * What cases have tried of a rule: which stages let rows through and turned rows away, which operands were true and false, which arms,
 * legs and sides were used. Each case runs by itself, as a Detector would run it.
 *
 * @example
 * ```js
 * const { met, total, obligations } = coverage(yamlText, [{ events: [hit] }, { events: [miss] }]);
 * ```
 */
export function coverage(rule: Rule, cases: Iterable<CoverageCase>): Coverage;

/**
 * The base class of all errors that this package throws.
 *
 * @example
 * ```js
 * try {
 *   new Detector({ rules: [{ file: 'my-rule.yaml', text }] });
 * } catch (error) {
 *   if (!(error instanceof RuleError)) throw error;
 *   for (const { file, line, column, message, code } of error.diagnostics) console.error(`${file}:${line}:${column} ${message} [${code}]`);
 * }
 * ```
 */
export class ForepostError extends Error {
  /** `not-loaded`, `load-failed`, `disposed`, `bad-argument`, or a code of the subclass. */
  readonly code: string;
}

/** A rule has an error. */
export class RuleError extends ForepostError {
  /** All findings, including warnings. */
  readonly diagnostics: Diagnostic[];
}

/** A query is wrong, or it failed at run time. */
export class QueryError extends ForepostError {
  readonly hint: string | null;
  /** UTF-16 offset of the first character in the query. */
  readonly start: number;
  /** UTF-16 offset after the last character. */
  readonly end: number;
  /** All findings, including the error itself. */
  readonly diagnostics: Pick<Diagnostic, 'severity' | 'code' | 'message' | 'hint' | 'start' | 'end'>[];
}

/** A query reached a limit: rows, memory or steps. */
export class LimitError extends QueryError {}

/**
 * The WebAssembly instance failed (code `trap`), or this object belonged to an instance that failed (code `instance-lost`). A new instance
 * is ready. Create a new object and continue.
 */
export class TrapError extends ForepostError {
  /** What the engine was reading: the number of the input, counted from 1; the bytes of it before this push; the length of this push. */
  readonly input?: { number: number; offset: number; length: number };
  /** What the engine said as it gave up. Nothing if it had no chance to: its stack or its memory was used up. */
  readonly panic?: string;
  /** Where in the engine's source it said so: `src/detector/mod.rs:12:5`. */
  readonly location?: string;
  /** Where in the module it trapped: `wasm-function[1234]:0x5678 (name of the function)`. */
  readonly place?: string;
}
