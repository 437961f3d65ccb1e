// Which files of a folder can hold events. The content decides; a name only saves the look at it. And which are rules, tables or functions.

const LOG_NAMES = /\.(json|gz|ndjson|jsonl|log|csv|zip|zst|tgz)$/i;
const YAML_NAMES = /\.ya?ml$/i;
const TEST_NAMES = /\.test\.ya?ml$/i;
const CONTEXT_NAMES = /^(.+?)\.(?:(kql|csl)|(ya?ml)|(?:csv|json|ndjson|jsonl)(?:\.gz)?)$/i;

/**
 * What a file can supply besides events, by its name: `{kind, stem}`. A `table` or watchlist has the name `stem`; `function` is KQL; `yaml` is
 * a function or a rule. Undefined of other names.
 */
export function suppliedByName(path) {
  const [, stem, kql, yaml] = CONTEXT_NAMES.exec(path.split(/[\\/]/).at(-1)) ?? [];
  return stem === undefined ? undefined : { kind: kql ? 'function' : yaml ? 'yaml' : 'table', stem };
}

/** Whether YAML is a function as Microsoft's repository publishes it. */
export const isFunctionYaml = (text) => /^\s*"?(?:FunctionQuery|ParserQuery)"?\s*:/m.test(text);

/** How many of its first bytes tell what a file is. */
export const LOOKED_AT = 64 << 10;

/** Whether a file holds the tests of a rule: X.test.yaml beside X.yaml. */
export const isTestByName = (path) => TEST_NAMES.test(path);

/** Whether a file is a rule. */
export const isRuleByName = (path) => YAML_NAMES.test(path) && !isTestByName(path);

/** Whether a file with these first bytes is an ARM template, in which there may be rules. UTF-16 has a zero in each letter. */
export const isTemplate = (path, bytes) => /\.json$/i.test(path)
  && /deploymentTemplate\.json|Microsoft\.SecurityInsights/i.test(new TextDecoder('latin1').decode(bytes).replaceAll('\0', ''));

/** Whether a file with these first bytes may be an ARM template of saved functions. */
export const isFunctionTemplate = (path, bytes) => /\.json$/i.test(path) && /"functionAlias"\s*:/i.test(new TextDecoder('latin1').decode(bytes).replaceAll('\0', ''));

/** Whether a file is usually a log, so that nobody needs to look. An empty file should be one: the engine says that it is empty. */
export const isLogByName = (path, size) => size === 0 || LOG_NAMES.test(path);

/** First bytes of compressed files, archives and UTF-16 text. The engine reads them, or says what they are. */
const MAGICS = [[0x1f, 0x8b], [0x50, 0x4b, 3, 4], [0x28, 0xb5, 0x2f, 0xfd], [0xfd, 0x37, 0x7a, 0x58, 0x5a], [0x42, 0x5a, 0x68], [0x37, 0x7a, 0xbc, 0xaf],
  [0xff, 0xfe], [0xfe, 0xff], [0x50, 0x41, 0x52, 0x31]];
/** Lines of other logs: of flow logs the header or the default format without one, of S3's access logs, of CloudWatch Logs' export. */
const LINES = /^(?:[a-z][a-z0-9-]* )*(?:account-id|interface-id|srcaddr|dstaddr)(?: |$)|^2 (?:\d{12}|unknown) eni-|^[0-9a-f]{64} \S+ \[\d\d\/|^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?: |$)/;
/** A key of an event in JSON, which may stand inside a string; and a header of exported rows. */
const KEY = /"event(?:Name|Source|Version)\\*"/;
const COLUMN = /event ?(?:name|source|version|json)|_raw/i;

/** Whether text with these first bytes names what events have. A log of another service does not. */
export function mentionsEvents(bytes) {
  const text = new TextDecoder('latin1').decode(bytes);
  return KEY.test(text) || (!/^\s*[{[]/.test(text) && COLUMN.test(text.split('\n', 1)[0]));
}

/** Whether a tar archive begins here: old ones have no name for themselves, but each header its sum, with blanks in the sum's place. */
function isTar(bytes, text) {
  if (bytes.length < 512) return false;
  const told = parseInt(text.slice(148, 156).trim(), 8);
  return told > 0 && bytes.subarray(0, 512).reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0) === told;
}

/** Why a file with these first bytes cannot hold events; undefined if it can. */
export function whyNoLog(path, bytes) {
  const text = new TextDecoder('latin1').decode(bytes).replace(/^ï»¿/, '');
  if (MAGICS.some((magic) => magic.every((byte, i) => bytes[i] === byte)) || isTar(bytes, text)) return undefined;
  if (/^\s*[{[]/.test(text)) return undefined;
  if (text.includes('\0')) return 'not text';
  if (YAML_NAMES.test(path)) return 'YAML';
  const [header] = text.split('\n', 1);
  const isTable = COLUMN.test(header) && /[,;\t]/.test(header);
  return isTable || LINES.test(header) || KEY.test(text) ? undefined : 'text without events';
}
