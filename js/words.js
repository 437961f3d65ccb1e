// Words of the language that are coloured and completed. What they mean, the engine decides.

/** What can stand behind a pipe. */
export const OPERATORS = [
  'as', 'count', 'distinct', 'evaluate', 'extend', 'invoke', 'join', 'limit', 'lookup', 'make-series', 'mv-apply', 'mv-expand', 'order', 'parse', 'parse-kv',
  'parse-where', 'project', 'project-away', 'project-keep', 'project-rename', 'project-reorder', 'render', 'sample', 'search', 'serialize', 'sort', 'summarize', 'take',
  'top', 'union', 'where',
];

export const KEYWORDS = [
  'and', 'or', 'not', 'in', 'in~', '!in', '!in~', 'has', 'has_any', 'has_all', '!has', 'has_cs', 'contains', '!contains', 'contains_cs', 'startswith', '!startswith',
  'endswith', '!endswith', 'matches', 'regex', 'between', '!between', 'by', 'on', 'asc', 'desc', 'kind', 'with', 'let', 'datatable', 'print', 'range', 'from', 'to', 'step',
  'true', 'false', 'datetime', 'timespan', 'dynamic', 'typeof', 'nulls', 'first', 'last', 'union', 'set', 'string', 'long', 'real', 'bool', 'int', 'guid', 'decimal',
];
