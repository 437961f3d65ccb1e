// What was read, skipped and could not be done: one account, the same in the API, the worker's answers and the command's --summary.
// "No alerts" is an answer only beside it.

const LISTED = 1000; // of each list in the JSON
const NOT_GIVEN = 'FP305'; // a rule that needs a table of whose log nothing was read

export class Tally {
  /** Inputs that were found, and those that were read to their end. */
  found = 0;
  read = 0;
  /** `{path, reason}` of what could not be opened or was read only in part, and of what was passed over in a folder. */
  unreadable = [];
  skipped = [];
  /** `{path, offset, code, message}` of the first problems inside inputs, and how many there are. */
  problems = [];
  problemCount = 0;
  /** `{file, rule, code, message}` of rules that cannot run, `{rule, runs, message}` of those that failed while running. */
  leftOut = [];
  failed = [];
  /** The first of tables and functions of a `--context` that cannot be used. */
  unusable = [];
  interrupted = false;
  stats = { events: 0, bytes: 0, untimed: 0, outside: 0, late: 0, dropped: 0, ahead: 0, envelopes: {}, tables: {}, rules: 0 };

  /** The engine's counts: `stats()` of the reader. */
  count(stats) { this.stats = stats; }

  problem(path, problem) {
    this.problemCount += 1;
    if (this.problems.length < LISTED) this.problems.push({ path, ...problem });
  }

  /** A problem after reading is a rule's: it failed in some of its runs, or could not run. One without a name is about all of them. */
  failure({ rule, runs = 1, message, code }) {
    if (code === NOT_GIVEN) {
      this.leftOut.push({ file: rule, rule, code, message });
      return;
    }
    const known = this.failed.find((failed) => failed.rule === rule && failed.code === code);
    if (known) known.runs += runs;
    else this.failed.push({ rule, runs, message, code });
  }

  /** Whether there was anything to find events in: an S3 file may hold none, but what is empty or broken was not read. */
  get nothingRead() {
    const { events, bytes } = this.stats;
    return events === 0 && (bytes === 0 || this.problemCount > 0 || this.read === 0);
  }

  /** Whether there are events, and none of them in the span that was asked for. */
  get allOutside() { return this.stats.events > 0 && this.stats.outside === this.stats.events; }

  /** Whether everything given was read, and every rule ran. */
  get complete() {
    const { untimed, late, dropped, ahead = 0 } = this.stats;
    return this.unreadable.length + this.problemCount + this.leftOut.length + this.unusable.length + this.failed.length + untimed + late + dropped + ahead === 0
      && !this.interrupted && !this.allOutside;
  }

  toJSON() {
    const { events, bytes, inflatedBytes, firstEvent, lastEvent, untimed, outside, late, dropped, ahead, digests, envelopes, tables = {}, rules, alerts } = this.stats;
    const some = (list) => list.slice(0, LISTED);
    return {
      complete: this.complete && !this.nothingRead,
      inputs: {
        found: this.found, read: this.read, bytes, inflatedBytes,
        unreadable: some(this.unreadable), skipped: { count: this.skipped.length, files: some(this.skipped) },
        problems: { count: this.problemCount, first: this.problems },
      },
      events: { read: events, first: firstEvent ?? null, last: lastEvent ?? null, untimed, outside, late, dropped, ahead, digests, formats: envelopes, tables },
      ...(rules !== undefined && {
        rules: { ran: rules, leftOut: this.leftOut, failed: this.failed },
        alerts: { total: alerts ?? 0 },
      }),
      ...(this.unusable.length > 0 && { context: { unusable: this.unusable } }),
    };
  }
}
