// The package's API, the same on every host. The entry points add where the module lies.

export { Detector } from './detector.js';
export { ForepostError, LimitError, QueryError, RuleError, TrapError } from './errors.js';
export { coverage, explain, explainAll } from './explain.js';
export { version } from './instance.js';
export { builtInRules } from './packs.js';
export { Query, query } from './query.js';
export { check } from './rules.js';
