// What this package throws. `code` is for programs, `message` for people.

/** The base of all of them. Codes of its own: `not-loaded`, `load-failed`, `disposed`, `bad-argument`. */
export class ForepostError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }

  get name() { return 'ForepostError'; }
}

/** Some rule has an error. All findings are in `diagnostics`, warnings too. */
export class RuleError extends ForepostError {
  constructor(diagnostics) {
    const errors = diagnostics.filter((d) => d.severity === 'error');
    const first = errors[0] ?? diagnostics[0];
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    super(first.code, `${first.file}:${first.line}:${first.column}: ${first.message}${more}`);
    this.diagnostics = diagnostics;
  }

  get name() { return 'RuleError'; }
}

/** A query is wrong, or failed while it ran: the first error, and everything found in `diagnostics`. */
export class QueryError extends ForepostError {
  constructor(diagnostics) {
    const { code, message, hint, start, end } = diagnostics.find((d) => d.severity === 'error') ?? diagnostics[0];
    super(code, message);
    Object.assign(this, { hint, start, end, diagnostics });
  }

  get name() { return 'QueryError'; }
}

/** A stated limit (rows, memory, steps) was reached. */
export class LimitError extends QueryError {
  get name() { return 'LimitError'; }
}

/**
 * The WebAssembly instance failed, or this object lived on one that did: its state is gone. A new instance is
 * ready already: make a new object and go on. `input` says what was being read; `panic` what the engine said, `location`
 * where in its source, and `place` where in the module.
 */
export class TrapError extends ForepostError {
  constructor(code, message, options, details) {
    super(code, message, options);
    Object.assign(this, details);
  }

  get name() { return 'TrapError'; }
}
