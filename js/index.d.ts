/** Runs Microsoft Sentinel analytic rules, unmodified, on AWS CloudTrail logs. */

/** Where the WebAssembly module comes from. */
export type ModuleSource =
  | string | URL | Request | Response
  | ArrayBuffer | ArrayBufferView<ArrayBuffer>
  | WebAssembly.Module
  | { readonly default: WebAssembly.Module };

/**
 * Loads the engine; wait for it before anything else. Without an argument it takes the module that lies beside
 * the package. Once loaded, further calls do nothing; after a failure the next call tries again.
 */
export function load(source?: ModuleSource | Promise<ModuleSource>): Promise<void>;

/** The same at once. Only in Node, Bun, Deno and Cloudflare Workers may the argument be left out. */
export function loadSync(source?: BufferSource | WebAssembly.Module): void;

/** The engine's version. */
export function version(): string;

/** A rule: the YAML text as Sentinel publishes it, or with the name of its file for messages. */
export type Rule = string | { readonly file: string; readonly text: string };

export interface DetectorOptions {
  /** The rules to run. None: those that ship inside the module. */
  rules?: string | readonly Rule[];
  /** Whether alerts carry the source events behind them. Default: true. */
  evidence?: boolean;
  /**
   * Whether a window concludes as soon as the newest event is past it by Sentinel's delay of 5 minutes; else it waits for
   * `advanceTo()` or `finish()`, so that inputs may come in any order. Default: false.
   */
  stream?: boolean;
  /** The workspace that alerts name, in `AlertType` and `Data Sources`. Default: `forepost`. */
  workspace?: string;
  /** Tables besides AWSCloudTrail that the rules can read. */
  tables?: readonly Table[];
}

/** A table of your own: `{ name: 'AWSGuardDuty', schema: 'TimeGenerated:datetime, Severity:int', data }`. */
export interface Table {
  name: string;
  /** Columns and their Kusto types. */
  schema: string;
  /** CSV with a header, or NDJSON. */
  data: string | Uint8Array;
}

/** Bytes of a log as it is stored, or text. */
export type Chunk = Uint8Array | ArrayBuffer | ArrayBufferView | string;

/** One input (a file): a chunk, or anything that yields its chunks, cut anywhere. */
export type Input = Chunk | Iterable<Chunk> | AsyncIterable<Chunk> | ReadableStream<Chunk>;

interface Reader {
  /** Bytes of the current input, cut anywhere (text: not inside a surrogate pair). gzip and the envelope are recognised by content. */
  push(data: Chunk): void;
  /** The current input is complete; the next push begins another. */
  endInput(): void;
  /** What could not be read since the last call. Take it after each `endInput()`: offsets are into that input. */
  problems(): Problem[];
  /** What was seen so far. */
  stats(): Stats;
  /** Frees the engine's memory now rather than when this object is collected. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** Rules over a stream of events. Windows are over event time. */
export interface Detector extends Reader {
  /** What the rules' author should know, though they run. Read once from the engine, so not for the first time after `dispose`. */
  readonly warnings: readonly Diagnostic[];
  /** There is no more input: everything concludes, as its alerts are taken. */
  finish(): void;
  /**
   * Takes over the times of the first and the last event that others have read, when only what matters of them comes here:
   * a rule that alerts on nothing then runs for every window between them.
   */
  observe(first: Date | string | bigint, last: Date | string | bigint): void;
  /** The host's clock: concludes the windows that ended before it. A bigint is ticks of 100 ns since year 1, UTC. */
  advanceTo(time: Date | string | bigint): void;
  /** Takes the alerts since the last call. Integers beyond 2^53 in the evidence are rounded: see `alertsText()`. */
  alerts(): Alert[];
  /**
   * Takes alerts since the last call as the engine wrote them, one JSON object a line: some 16 MiB of them, and further ones with the
   * next call, until one gives an empty text.
   */
  alertsText(): string;
  /** Takes all of them, in such texts. */
  alertTexts(): Generator<string, void, undefined>;
  /** Bytes of one input in, alerts out. */
  stream(): TransformStream<Chunk, Alert>;
  /** Reads one input to its end, concludes, and yields the alerts. */
  scan(input: Input): AsyncGenerator<Alert, void, undefined>;
}

export const Detector: {
  /** Throws a RuleError if any rule has an error. */
  new (options?: DetectorOptions): Detector;
  readonly prototype: Detector;
};

/** Part of an input that could not be read, or a rule's run that failed; the rest went on. */
export interface Problem {
  /** In bytes of the input, inflated where it is gzip; null where the problem has no place in an input. */
  offset: number | null;
  code: string;
  message: string;
}

/** A finding about a rule. Positions count UTF-16 units, as JavaScript and editors do. */
export interface Diagnostic {
  file: string;
  rule: string | null;
  severity: 'error' | 'warning' | 'information';
  /** Kusto's own code (`KS142`) where there is one, else `FP…`. */
  code: string;
  message: string;
  hint: string | null;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  /** Offsets into the text of the file. */
  start: number;
  end: number;
}

export interface Stats {
  bytes: number;
  inflatedBytes: number;
  events: number;
  /** Events that survived some rule's row stages. */
  candidates: number;
  problems: number;
  /** Events that came after their window had concluded. */
  late: number;
  /** Candidates that were let go because the cap was reached. */
  dropped: number;
  /** Events without a readable time. */
  untimed: number;
  /** Events by the envelope they came in. */
  envelopes: Record<string, number>;
  firstEvent: string | null;
  lastEvent: string | null;
  /** Of a Detector. */
  alerts?: number;
  rules?: number;
}

/** A row of Sentinel's `SecurityAlert`, with the evidence. `Entities` and `ExtendedProperties` are JSON text, as in Sentinel. */
export interface Alert {
  TimeGenerated: string;
  SystemAlertId: string;
  DisplayName: string;
  AlertName: string;
  AlertSeverity: 'Informational' | 'Low' | 'Medium' | 'High';
  Description: string;
  AlertType: string;
  StartTime: string;
  EndTime: string;
  ProcessingEndTime: string;
  Tactics: string;
  Techniques: string;
  SubTechniques: string;
  Entities: string;
  ExtendedProperties: string;
  /** Beyond Sentinel: the source events behind each result row. Absent where evidence is turned off. */
  Evidence?: EvidenceRow[];
  [column: string]: unknown;
}

export interface EvidenceRow {
  row: Record<string, unknown>;
  /** At most 1,000. */
  events: { eventID: string | null; record: Record<string, unknown> }[];
  /** How many more of them there was no room for. */
  eventsLeftOut?: number;
}

/** Findings about rule files, without running them. */
export function check(rules: string | readonly Rule[], options?: { tables?: readonly Table[] }): Diagnostic[];

export interface QueryResult {
  columns: { name: string; type: string }[];
  /** Integers beyond 2^53 are bigints, datetimes, timespans, guids and decimals text. */
  rows: unknown[][];
}

/** One KQL query over events. */
export interface Query extends Reader {
  /** Whether the query reads events at all, or only what it says itself. */
  readonly readsEvents: boolean;
  /** There is no more input: the answer; throws a QueryError if the query failed while it ran. */
  result(): QueryResult;
}

export interface QueryOptions {
  /** What `now()` is in the query. Default: now. */
  now?: Date | string | bigint;
  /** Tables besides AWSCloudTrail that the query can read. */
  tables?: readonly Table[];
}

export const Query: {
  /** Throws a QueryError if the query is wrong or needs what is not supported. */
  new (kql: string, options?: QueryOptions): Query;
  readonly prototype: Query;
};

/** Runs a query over inputs; `problems` holds for each input what could not be read. */
export function query(
  kql: string,
  inputs?: Iterable<Input> | AsyncIterable<Input>,
  options?: QueryOptions,
): Promise<QueryResult & { problems: Problem[][] }>;

/** The base of what this package throws. */
export class ForepostError extends Error {
  /** `not-loaded`, `load-failed`, `disposed`, `bad-argument`, or that of the subclass. */
  readonly code: string;
}

/** Some rule has an error. */
export class RuleError extends ForepostError {
  /** All findings, warnings too. */
  readonly diagnostics: Diagnostic[];
}

/** A query is wrong, or failed while it ran. */
export class QueryError extends ForepostError {
  readonly hint: string | null;
  /** UTF-16 offsets into the query. */
  readonly start: number;
  readonly end: number;
  /** Everything found, the error among it. */
  readonly diagnostics: Pick<Diagnostic, 'severity' | 'code' | 'message' | 'hint' | 'start' | 'end'>[];
}

/** A stated limit (rows, memory, steps) was reached. */
export class LimitError extends QueryError {}

/**
 * The WebAssembly instance failed (code `trap`), or this object lived on one that did (`instance-lost`).
 * A new instance is ready: make a new object and go on.
 */
export class TrapError extends ForepostError {
  /** What was being read: the input's number from 1, the bytes of it before this push, and this push's length. */
  readonly input?: { number: number; offset: number; length: number };
  /** What the engine said as it gave up. Nothing if it had no chance to: its stack or its memory was used up. */
  readonly panic?: string;
  /** Where in the engine's source it said so: `src/detector/mod.rs:12:5`. */
  readonly location?: string;
  /** Where in the module it trapped: `wasm-function[1234]:0x5678 (name of the function)`. */
  readonly place?: string;
}
