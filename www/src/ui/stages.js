// Counting the rows of a query's stages over all events: each beginning of the query that ends at a stage, counted.

/** Operators that yield a row for each row. */
const KEEP_COUNT = new Set(['extend', 'project', 'project-away', 'project-keep', 'project-rename', 'project-reorder', 'parse', 'parse-kv', 'sort', 'order', 'serialize', 'as']);

/**
 * For each stage of the query's last statement the query whose count is its rows out, or undefined where it is that of the stage
 * before. Empty where a stage stands elsewhere in the text: a filter that the engine asks before a join.
 */
export function countQueries(query, { stages }) {
  const written = stages.filter(({ start, end }) => end > start);
  const inOrder = written.length === stages.length && written.every(({ end }, i) => i === 0 || end > written[i - 1].end);
  return inOrder ? stages.map(({ end, operator }) => (KEEP_COUNT.has(operator) ? undefined : `${query.slice(0, end)}\n| count`)) : [];
}
