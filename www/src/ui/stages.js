// A query's text in stages: what stands between the pipes of its last statement. For display and for prefix counts;
// the engine alone decides what a query means.

/** `[{start, end, operator}]`; the first is the source. `head` is where the last statement begins. */
export function splitStages(query) {
  const pipes = [];
  let statement = 0;
  let depth = 0;
  for (let i = 0; i < query.length; i += 1) {
    const c = query[i];
    if (c === '/' && query[i + 1] === '/') {
      while (i < query.length && query[i] !== '\n') i += 1;
    } else if (c === '"' || c === "'") {
      i = endOfString(query, i);
    } else if (query.startsWith('```', i)) {
      const end = query.indexOf('```', i + 3);
      i = end < 0 ? query.length : end + 2;
    } else if ('([{'.includes(c)) depth += 1;
    else if (')]}'.includes(c)) depth -= 1;
    else if (c === '|' && depth === 0) pipes.push(i);
    else if (c === ';' && depth === 0 && query.slice(i + 1).trim()) {
      statement = i + 1;
      pipes.length = 0;
    }
  }
  const text = query.replace(/[\s;]+$/, '');
  const starts = [statement, ...pipes];
  return starts.map((start, n) => {
    const end = n + 1 < starts.length ? starts[n + 1] : text.length;
    const body = text.slice(start, end);
    return { start, end, text: body.trimEnd(), operator: n ? /^\|\s*([\w-]+)/.exec(body)?.[1] ?? '' : 'source' };
  });
}

function endOfString(query, at) {
  const quote = query[at];
  const verbatim = query[at - 1] === '@';
  for (let i = at + 1; i < query.length; i += 1) {
    if (query[i] === '\\' && !verbatim) i += 1;
    else if (query[i] === quote) {
      if (verbatim && query[i + 1] === quote) i += 1;
      else return i;
    } else if (query[i] === '\n') return i;
  }
  return query.length;
}

/** Operators that yield a row for each row. */
const KEEP_COUNT = new Set(['extend', 'project', 'project-away', 'project-keep', 'project-rename', 'project-reorder', 'parse', 'parse-kv', 'sort', 'order', 'serialize', 'as']);

/** For each stage, the query whose count is its rows out, or undefined where it is that of the stage before. */
export function prefixQueries(query) {
  return splitStages(query).map(({ end, operator }) =>
    (KEEP_COUNT.has(operator) ? undefined : `${query.slice(0, end)}\n| count`));
}
