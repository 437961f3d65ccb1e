// The man page `forepost.1`, made of what `--help` shows. The build writes it into the package.

import { CODES } from './codes.js';
import { COMMANDS, OPTIONS, PAGES } from './help.js';

/** Text as roff takes it: no line begins with its own marks, and `-` stays the sign that people type. */
const roff = (text) => text.replace(/[\\-]/g, (c) => (c === '-' ? '\\-' : '\\e')).replace(/^(?=[.'])/gm, '\\&').replace(/’/g, '\\(cq').replace(/…/g, '...');

const option = (name, { value, about, short }) =>
  `.TP\n\\fB${roff(short ? `-${short}, --${name}` : `--${name}`)}\\fR${value ? ` \\fI${roff(value)}\\fR` : ''}\n${roff(about.replaceAll('\n', ' '))}\n`;

function command(name) {
  const { usage, about, examples, status } = PAGES[name];
  return [
    `.SH "${name.toUpperCase()}"`,
    ...usage.split('\n').map((line) => `.B ${roff(line.trim())}\n.br`),
    '.PP',
    roff(about).replaceAll('\n\n', '\n.PP\n'),
    Object.entries(OPTIONS[name]).map(([key, of]) => option(key, of)).join('').trimEnd(),
    ...examples.map(([line, why]) => `.PP\n${roff(why[0].toUpperCase() + why.slice(1))}:\n.RS\n.nf\n${roff(line)}\n.fi\n.RE`),
    `.PP\nExit status: ${roff(status.replace(/\s+/g, ' '))}.`,
  ].join('\n');
}

/** The page of a version of the package. */
export const manual = (version) => `.TH FOREPOST 1 "" "forepost ${version}" "User Commands"
.SH NAME
forepost \\- run Microsoft Sentinel analytic rules and KQL on AWS CloudTrail logs
.SH SYNOPSIS
.B forepost
.I COMMAND
[\\fIOPTION\\fR]... [\\fIPATH\\fR]...
.SH DESCRIPTION
Runs Sentinel's rules, unmodified, on CloudTrail logs on this machine. It makes no network connections.
.PP
Commands: ${COMMANDS.join(', ')}. \\fBforepost help\\fR \\fICODE\\fR explains one of ${CODES.length} codes of findings.
${COMMANDS.map(command).join('\n')}
.SH ENVIRONMENT
.TP
.B NO_COLOR, FORCE_COLOR
Turn colours off or on.
.TP
.B COLUMNS
How wide lines are where output is not a terminal.
`;
