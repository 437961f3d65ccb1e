/** Runs Microsoft Sentinel analytic rules, unmodified, on AWS CloudTrail logs. */

/** The source of the WebAssembly module. */
export type ModuleSource =
  | string | URL | Request | Response
  | ArrayBuffer | ArrayBufferView<ArrayBuffer>
  | WebAssembly.Module
  | { readonly default: WebAssembly.Module };

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

/** Synchronous form of `load()`. The argument is optional in Node, Bun, Deno and Cloudflare Workers only. */
export function loadSync(source?: BufferSource | WebAssembly.Module): void;

/** Returns the version of the engine. */
export function version(): string;

/** A rule: the YAML text as Sentinel publishes it. The object form adds the file name that messages use. */
export type Rule = string | { readonly file: string; readonly text: string };

export interface DetectorOptions {
  /** The rules to run. Default, also for an empty array: the built-in rules. */
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
  /** The columns with their Kusto types: `name:type, name:type`. */
  schema: string;
  /** CSV with a header line, or NDJSON. */
  data: string | Uint8Array;
}

/** Part of a log file, as bytes or text. */
export type Chunk = Uint8Array | ArrayBuffer | ArrayBufferView | string;

/** One input, usually one file: a chunk, or an iterable or stream of its chunks. A chunk may end anywhere. */
export type Input = Chunk | Iterable<Chunk> | AsyncIterable<Chunk> | ReadableStream<Chunk>;

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
  /** Reads one input to its end, closes all windows and yields the alerts. */
  scan(input: Input): AsyncGenerator<Alert, void, undefined>;
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
  /** CloudTrail digest files. They hold no events, and are no problem. */
  digests: number;
  /** Number of events by log format. */
  envelopes: Record<string, number>;
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
export function check(rules: string | readonly Rule[], options?: { tables?: readonly Table[] }): Diagnostic[];

export interface QueryResult {
  columns: { name: string; type: string }[];
  /** Integers beyond 2^53 are bigints. Datetimes, timespans, guids and decimals are strings. */
  rows: unknown[][];
}

/** Runs one KQL query over events. `query()` is simpler if you have all inputs. */
export interface Query extends Reader {
  /** Whether the query reads the table AWSCloudTrail. */
  readonly readsEvents: boolean;
  /** Ends the input and returns the answer. Throws a QueryError if the query fails at run time. */
  result(): QueryResult;
}

export interface QueryOptions {
  /** The value of `now()` in the query. Default: the current time. */
  now?: Date | string | bigint;
  /** Tables besides AWSCloudTrail that the query can read. */
  tables?: readonly Table[];
}

export const Query: {
  /** Throws a QueryError if the query is wrong or uses something unsupported. */
  new (kql: string, options?: QueryOptions): Query;
  readonly prototype: Query;
};

/**
 * Runs a query over several inputs. Pass an array even for one input. `problems` has one list per input.
 *
 * @example
 * ```js
 * import { createReadStream } from 'node:fs';
 * import { load, query } from 'forepost';
 *
 * await load();
 * const { columns, rows, problems } = await query(
 *   'AWSCloudTrail | summarize count() by EventName | top 10 by count_',
 *   [createReadStream('day.json.gz')],
 * );
 * ```
 */
export function query(
  kql: string,
  inputs?: Iterable<Input> | AsyncIterable<Input>,
  options?: QueryOptions,
): Promise<QueryResult & { problems: Problem[][] }>;

/** The base class of all errors that this package throws. */
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
