// Findings of `check` in the formats that other tools read.

import { codeOf } from './codes.js';
import { count, markup } from './terminal.js';

export const CHECK_FORMATS = ['pretty', 'ndjson', 'github', 'sarif', 'junit'];

const LEVELS = { error: 'error', warning: 'warning', information: 'note' };

/** GitHub Actions' workflow command: an annotation at the line of a pull request. */
export function github({ file, rule, severity, code, message, hint, line, column }) {
  const data = (text) => text.replace(/[%\r\n]/g, escaped);
  const property = (text) => String(text).replace(/[%\r\n:,]/g, escaped);
  const escaped = (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`;
  const level = { error: 'error', warning: 'warning', information: 'notice' }[severity];
  const title = rule ? `${code} ${rule}` : code;
  return `::${level} file=${property(file)},line=${line},col=${column},title=${property(title)}::${data(message + (hint ? `\n${hint}` : ''))}\n`;
}

/** A code as SARIF's viewers show it. */
function described(id) {
  const known = codeOf(id);
  return { id, ...(known && { shortDescription: { text: known.means }, help: { text: known.remedy } }) };
}

/** SARIF 2.1.0, which code scanning of GitHub and Azure DevOps reads. */
export function sarif(findings, version) {
  const ids = [...new Set(findings.map(({ code }) => code))];
  const uri = (path) => path.split(/[\\/]/).map(encodeURIComponent).join('/');
  return JSON.stringify({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{
      tool: { driver: { name: 'forepost', version, informationUri: 'https://github.com/forepost/forepost', rules: ids.map(described) } },
      columnKind: 'utf16CodeUnits',
      results: findings.map(({ file, rule, severity, code, message, hint, line, column }) => ({
        ruleId: code,
        ruleIndex: ids.indexOf(code),
        level: LEVELS[severity],
        message: { text: `${rule ? `${rule}: ` : ''}${message}${hint ? ` (${hint})` : ''}` },
        locations: [{ physicalLocation: { artifactLocation: { uri: uri(file) }, region: { startLine: line, startColumn: column } } }],
      })),
    }],
  }, null, 2);
}

/** JUnit's XML, a test case a file; a file fails if one of its findings is an error. */
export function junit(files, findings) {
  const cases = files.map((file) => {
    const own = findings.filter((finding) => finding.file === file);
    const errors = own.filter(({ severity }) => severity === 'error');
    const lines = (list) => list.map(({ severity, code, message, line, column }) => `${severity}[${code}] ${line}:${column} ${message}`).map(markup).join('\n');
    const failure = errors.length > 0 ? `<failure message="${markup(count(errors.length, 'error'))}">${lines(errors)}</failure>` : '';
    const rest = own.filter(({ severity }) => severity !== 'error');
    return `  <testcase classname="forepost check" name="${markup(file)}">${failure}${rest.length > 0 ? `<system-out>${lines(rest)}</system-out>` : ''}</testcase>\n`;
  });
  const failed = new Set(findings.filter(({ severity }) => severity === 'error').map(({ file }) => file)).size;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="forepost check" tests="${files.length}" failures="${failed}" errors="0">\n${cases.join('')}</testsuite>\n`;
}
