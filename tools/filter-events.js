// node tools/filter-events.js RULES: the events of the tests beside the rules of a file or a folder, one a line. `make filter` runs them through
// the module, to see what stack the rules need.

import { findSuites, readerBeside } from '../js/testing/files.js';
import { recordsOf } from '../js/testing/events.js';
import { readSuite } from '../js/testing/suite.js';

const [path] = process.argv.slice(2);
const { tests, failed } = findSuites([path || 'rules']); // without any, the built-in ones are inside
for (const { file, message } of failed) console.error(`${file}: ${message}`);
for (const { file, text } of tests) {
  const { document, cases } = readSuite(file, text, readerBeside(file));
  for (const { given, start } of cases) {
    const fail = (at, message) => { throw document.error(at, message); };
    for (const record of recordsOf(given, start, fail)) console.log(JSON.stringify(record));
  }
}
