// native functions | node fuzz/seeds.js FOLDER: what a run begins with besides fuzz/seeds: every example of the functions and aggregates,
// every case of the operators (FOLDER/kql), and the words of the language (FOLDER/kql.dict).

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WORDS = `where extend project project-away project-keep project-rename project-reorder summarize by join kind on lookup union withsource distinct
  count take sample sample-distinct top top-nested top-hitters sort order asc desc nulls mv-expand mv-apply to typeof parse parse-where parse-kv with
  serialize scan declare step make-series from in range print let datatable materialize evaluate invoke partition fork facet find search getschema as
  make-graph graph-match has has_cs hasprefix has_any has_all contains startswith endswith matches regex between and or not true false null dynamic
  datetime timespan long real string bool guid decimal int AWSCloudTrail`.split(/\s+/);

const lines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
const folder = process.argv[2];
const examples = lines(readFileSync(0, 'utf8'));
const cases = lines(readFileSync(join(import.meta.dirname, '../tests/kql/operators.jsonl'), 'utf8'));
mkdirSync(join(folder, 'kql'), { recursive: true });
[...examples, ...cases].forEach(({ query }, i) => writeFileSync(join(folder, 'kql', `case-${i}`), query));
const names = new Set(examples.map(({ id }) => `${id.split('#')[0]}(`));
writeFileSync(join(folder, 'kql.dict'), [...names, ...WORDS].map((word) => `${JSON.stringify(word)}\n`).join(''));
