// Command-line arguments: a small strict parser. It suggests the nearest option for an unknown one.

import { nearest } from '../nearest.js';

/** The command line is wrong; the message says how. */
export class UsageError extends Error {
  constructor(message, command) {
    super(message);
    this.command = command;
  }
}

/**
 * `known` maps an option's name to `{value, many, choices, count, short}`; one without `value` is a flag.
 * Returns options by name and what is not an option. `--` ends the options, `-` is an operand.
 */
export function parse(command, known, argv) {
  const options = {};
  const operands = [];
  const fail = (message) => { throw new UsageError(message, command); };
  for (let i = 0; i < argv.length; i += 1) {
    const argument = argv[i];
    if (argument === '--') {
      operands.push(...argv.slice(i + 1));
      break;
    }
    if (argument === '-' || !argument.startsWith('-')) {
      operands.push(argument);
      continue;
    }
    const [written, inline] = splitOnce(argument, '=');
    const name = Object.keys(known).find((key) => written === `--${key}` || (known[key].short && written === `-${known[key].short}`));
    if (!name) {
      const guess = nearest(written, Object.keys(known).map((key) => `--${key}`));
      fail(`${command} has no option ${JSON.stringify(written)}${guess ? `; did you mean ${guess}?` : ''}`);
    }
    const spec = known[name];
    if (!spec.value) {
      if (inline !== undefined) fail(`--${name} does not take a value`);
      options[name] = true;
      continue;
    }
    const given = inline ?? argv[i += 1];
    // As Sentinel writes it: `High` is `high`.
    const value = spec.choices?.find((choice) => choice.toLowerCase() === given?.toLowerCase()) ?? given;
    if (value === undefined) fail(`--${name} needs a value: --${name} ${spec.value}`);
    if (spec.choices && !spec.choices.includes(value)) {
      fail(`--${name} must be ${listed(spec.choices)}, not ${JSON.stringify(value)}`);
    }
    if (spec.count && !(/^\d{1,6}$/.test(value) && Number(value) >= 1 && Number(value) <= spec.count)) {
      fail(`--${name} must be a whole number from 1 to ${spec.count}, not ${JSON.stringify(value)}`);
    }
    if (value === '') fail(`--${name} needs a value, not an empty text: --${name} ${spec.value}`);
    if (spec.many) (options[name] ??= []).push(value);
    else if (name in options) fail(`--${name} can be given only once`);
    else options[name] = spec.count ? Number(value) : value;
  }
  return { options, operands };
}

/** `a, b or c` */
const listed = (words) => [words.slice(0, -1).join(', '), words.at(-1)].filter(Boolean).join(' or ');

function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** What to read: the operands, or standard input where something comes from there. */
export function inputsOf(operands, command) {
  if (operands.length === 0 && process.stdin.isTTY) throw new UsageError(`${command} needs a file, a folder, or - for standard input`, command);
  return operands.length > 0 ? operands : ['-'];
}
