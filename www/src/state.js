// What the page knows, as it begins.

import { readTheme } from './theme.js';

export const NOTHING_READ = { reading: false, bytes: 0, totalBytes: 0, files: 0, totalFiles: 0, events: 0, rate: 0, problems: 0, cancelled: 0, unread: 0 };
export const NO_EVENTS = { count: 0, bytes: 0, full: false, repeated: 0 };

export const beginning = () => ({
  phase: 'starting',         // starting, ready, failed
  progress: NOTHING_READ,
  walking: 0,                // files found so far in folders that were dropped
  passedOver: [],
  supplied: [],              // {path, name, file, size, text, rows, columns}: tables; files of functions have `functions` and no name
  suppliedProblems: [],      // {path, message}: what cannot be used as one
  unclear: [],               // files that are a table or a log: a person says which
  totals: NO_EVENTS,
  sample: false,             // what is loaded is the sample
  each: false,               // repeated events count each time
  rules: [],                 // {file, text, original, builtIn, card, findings, enabled, wanted, broken, dirty}: one that is wanted runs when it can
  alerts: [],
  story: undefined,          // findings by the principal behind them
  expected: [],              // inputs of a case that was opened: {path, size, sha256}
  kept: undefined,           // the case that this browser keeps: {text, files}
  notes: {},                 // by finding: {verdict, star, text}
  order: 'principal',        // how alerts are grouped
  range: undefined,          // the time that the histogram shows, if not all
  concludeProblems: [],
  concluded: false,
  filters: {},
  view: undefined,
  tab: 'alerts',
  selection: undefined,      // {alert} or {event}
  local: false,
  theme: readTheme(),
  applying: false,
  linked: undefined,
  error: '',
});
