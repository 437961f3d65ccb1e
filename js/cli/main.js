// The command `forepost`: selects the subcommand and sets the exit status.

import { loadSync, version } from '../entry/node.js';
import { ForepostError } from '../errors.js';
import { nearest } from '../nearest.js';
import { parse, UsageError } from './args.js';
import { check } from './check.js';
import { CODES, codeOf } from './codes.js';
import { completion } from './completion.js';
import { explain } from './explain.js';
import { functions } from './functions.js';
import { COMMANDS, OPTIONS, help, helpOfCode, overview } from './help.js';
import { hunt } from './hunt.js';
import { pivot, summary, timeline } from './investigate.js';
import { rules, schema } from './lists.js';
import { query } from './query.js';
import { conclude, scan } from './scan.js';
import { records, sieve } from './sieve.js';
import { clean, leaveWhenOutputFails, note, out, say, setColour, setQuiet, style } from './terminal.js';

/** What needs more code than the others is not run before it is called. */
const test = async (...given) => (await import('./test.js')).test(...given);
const backtest = async (...given) => (await import('./backtest.js')).backtest(...given);
const compare = async (...given) => (await import('./compare.js')).compare(...given);
const arm = async (...given) => (await import('./arm.js')).arm(...given);
const catalogue = async (...given) => (await import('./catalogue.js')).catalogue(...given);

const RUN = { scan, sieve, conclude, records, query, explain, check, test, backtest, compare, arm, catalogue, functions, summary, timeline, pivot, hunt, rules, schema, completion };

/** Exit status: 0 success; 1 something was not read, or a rule was left out or failed or is wrong; 2 it could not run, or nothing was read. */
export async function main(argv) {
  leaveWhenOutputFails();
  try {
    return await dispatch(argv);
  } catch (error) {
    if (error instanceof UsageError) {
      note(`${style.red('forepost:')} ${clean(error.message)}`);
      note(style.dim(`Try: forepost ${error.command ? `${error.command} ` : ''}--help`));
    } else if (error instanceof ForepostError) {
      note(`${style.red('forepost:')} ${clean(error.message)}`);
    } else {
      note(`${style.red('forepost:')} internal error, please report it: ${error?.stack ?? error}`);
    }
    return 2;
  }
}

async function dispatch([name, ...rest]) {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const topic = name === 'help' ? rest[0] : undefined;
    const code = topic === undefined ? undefined : codeOf(topic);
    if (code) {
      await say(helpOfCode(code));
      return 0;
    }
    if (topic !== undefined && !(COMMANDS.includes(topic))) throw unknownTopic(topic);
    await say(topic ? help(topic) : overview());
    return name === undefined ? 2 : 0;
  }
  if (['--version', '-V', '-v', 'version'].includes(name)) {
    loadSync();
    await out(`forepost ${version()}\n`);
    return 0;
  }
  if (!COMMANDS.includes(name)) throw unknownCommand(name);
  const { options, operands } = parse(name, OPTIONS[name], rest);
  setColour(options.color);
  if (options.quiet) setQuiet();
  if (options.help) {
    await say(help(name));
    return 0;
  }
  loadSync();
  return RUN[name](options, operands);
}

function unknownTopic(name) {
  const guess = nearest(name, COMMANDS) ?? nearest(name.toUpperCase(), CODES.map(({ code }) => code));
  return new UsageError(`no command or code is called ${JSON.stringify(name)}${guess ? `; did you mean ${guess}?` : `; the commands are ${COMMANDS.join(', ')}`}`);
}

function unknownCommand(name) {
  const guess = nearest(name, [...COMMANDS, '--help', '--version']);
  const shown = name.startsWith('-') ? 'option' : 'command';
  return new UsageError(`unknown ${shown} ${JSON.stringify(name)}${guess ? `; did you mean ${guess}?` : `; the commands are ${COMMANDS.join(', ')}`}`);
}
