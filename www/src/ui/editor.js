// The editor for queries and rules: CodeMirror, in a chunk of its own. It lives in a shadow root, where its style
// sheets are objects and need no inline <style>, which the page's policy forbids.

import { autocompletion, closeBrackets, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { HighlightStyle, StreamLanguage, bracketMatching, syntaxHighlighting } from '@codemirror/language';
import { linter, lintKeymap } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { KEYWORDS, OPERATORS } from 'forepost/words.js';

const kql = (stream, state) => {
  if (stream.match('//')) { stream.skipToEnd(); return 'lineComment'; }
  if (stream.match(/^@?"(?:[^"\\]|\\.)*"?/) || stream.match(/^@?'(?:[^'\\]|\\.)*'?/)) return 'string';
  if (stream.match(/^\d[\d.]*(?:[a-z]+\b)?/)) return 'number';
  const word = stream.match(/^[a-zA-Z_!][\w-]*/);
  if (word) {
    let [text] = word;
    if (text.includes('-') && !OPERATORS.includes(text) && !KEYWORDS.includes(text)) {
      stream.backUp(text.length - text.indexOf('-'));
      [text] = text.split('-');
    }
    const pipe = state.pipe;
    state.pipe = false;
    if (pipe && OPERATORS.includes(text)) return 'keyword';
    if (KEYWORDS.includes(text)) return 'keyword';
    if (stream.match(/^\s*\(/, false)) return 'function';
    return 'variableName';
  }
  if (stream.eat('|')) { state.pipe = true; return 'operatorKeyword'; }
  if (stream.eatSpace()) return null;
  stream.next();
  return null;
};

const tokens = { function: tags.function(tags.variableName), key: tags.propertyName };
const kqlLanguage = StreamLanguage.define({ name: 'kql', startState: () => ({ pipe: false }), token: kql, tokenTable: tokens, languageData: { commentTokens: { line: '//' } } });

/** YAML with KQL where the query is: keys, comments and texts; inside `query: |` the tokens above. */
const yamlLanguage = StreamLanguage.define({
  name: 'rule',
  startState: () => ({ pipe: false, inQuery: false, indent: 0 }),
  token(stream, state) {
    if (stream.sol()) {
      const indent = stream.indentation();
      if (state.inQuery && indent <= state.indent && stream.string.trim()) state.inQuery = false;
    }
    if (state.inQuery) return kql(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.match(/^#.*/)) return 'lineComment';
    if (stream.match(/^- /)) return null;
    const key = stream.indentation() <= (state.block ?? Infinity) && stream.match(/^[\w$ -]+(?=:(\s|$))/);
    if (key) state.block = /:\s*[|>][-+]?\d?\s*$/.test(stream.string) ? stream.indentation() : undefined;
    if (key) {
      if (key[0] === 'query' && /:\s*[|>]/.test(stream.string)) { state.inQuery = true; state.indent = stream.indentation(); stream.skipToEnd(); }
      return 'key';
    }
    if (stream.match(/^"(?:[^"\\]|\\.)*"?|^'[^']*'?/)) return 'string';
    stream.next();
    return null;
  },
  tokenTable: tokens,
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--syn-keyword)' }, { tag: tags.operatorKeyword, color: 'var(--syn-keyword)' },
  { tag: tags.function(tags.variableName), color: 'var(--syn-function)' }, { tag: tags.string, color: 'var(--syn-string)' },
  { tag: tags.number, color: 'var(--syn-number)' }, { tag: tags.lineComment, color: 'var(--muted)' }, { tag: tags.propertyName, color: 'var(--syn-key)' },
]);

const look = EditorView.theme({
  '&': { fontSize: '13px', backgroundColor: 'var(--surface)', color: 'var(--text)', height: '100%' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-1px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', overflow: 'auto' },
  '.cm-line': { padding: '0 var(--edge, 6px)' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--muted)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--selection)' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--text)', border: '1px solid var(--line-strong)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-completionDetail': { color: 'var(--muted)', fontStyle: 'normal', marginLeft: '12px' },
  'li[aria-selected] .cm-completionDetail': { color: 'inherit' },
  '.cm-matchingBracket': { backgroundColor: 'var(--selection) !important', color: 'inherit !important' },
  '.cm-placeholder': { color: 'var(--muted)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad)', textUnderlineOffset: '3px' },
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecoration: 'underline wavy var(--warn)', textUnderlineOffset: '3px' },
  '.cm-lintRange-info, .cm-lintRange-hint': { backgroundImage: 'none', textDecoration: 'underline dotted var(--muted)', textUnderlineOffset: '3px' },
  '.cm-diagnostic': { fontFamily: 'var(--sans)', fontSize: '13px' },
});

/**
 * Chromium keeps the colour of what is typed over, in an inline style that the page's policy forbids and reports. So the editor puts the text there
 * itself, by the same handlers as ever; what an input method composes is left to the browser.
 */
const typedOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    const { inputType, data, isComposing } = event;
    if (inputType !== 'insertText' || !data || isComposing || view.composing || (empty && !data.includes('\n'))) return false;
    const insert = () => view.state.update(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true });
    if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, data, insert))) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

/** A table or function that was supplied, with its columns. Names that are no words stand in brackets. */
const namesOf = ({ name, kind, columns }) => [
  { label: name, type: kind === 'table' ? 'type' : 'function', apply: kind === 'function' ? `${name}(` : /^\w+$/.test(name) ? name : `['${name}']`, detail: `supplied ${kind}`, boost: 3 },
  ...columns.map((column) => ({ label: column.name, type: 'property', detail: `${column.type}, ${name}`, boost: 1 })),
];

/** The string that is open at the end of a line: what was typed of it, and the column that it is compared with. */
function openString(text) {
  let quote = '';
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    if (quote && text[i] === '\\') i += 1;
    else if (quote ? text[i] === quote : text[i] === '"' || text[i] === "'") { quote = quote ? '' : text[i]; start = i + 1; }
    else if (!quote && text.startsWith('//', i)) return undefined;
  }
  if (!quote) return undefined;
  const before = text.slice(0, start - 1);
  if (/\b_GetWatchlist\s*\(\s*$/i.test(before)) return { typed: text.slice(start), isWatchlist: true };
  const column = /(\w+)\s*(?:==|=~|!=|!~|!?(?:in~?|has|contains|startswith|has_any)\b)\s*\(?(?:\s*(?:"[^"]*"|'[^']*')\s*,)*\s*$/.exec(before)?.[1];
  return { typed: text.slice(start), column };
}

/**
 * An editor in `host`. `language` is `kql` or `rule`; `diagnose(text)` resolves to `[{start, end, severity, message, hint, code}]`;
 * `changed(text)` on each edit; `run()` on Ctrl+Enter. `supplied()` gives the tables and functions that were supplied, as they are now.
 */
export function createEditor({ host, text, language, label, columns, logTables, functions, supplied, diagnose, changed, run, hint, words = () => [] }) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const complete = (context) => {
    const line = context.state.doc.lineAt(context.pos);
    const quoted = openString(line.text.slice(0, context.pos - line.from));
    // In a text, only values of the data are of use.
    if (quoted) {
      const values = quoted.isWatchlist ? supplied().filter(({ kind }) => kind === 'table').map(({ name }) => name) : quoted.column ? words(quoted.column) : [];
      const options = values.map((label) => ({ label, type: 'text' }));
      return options.length ? { from: context.pos - quoted.typed.length, options, validFor: /^[^"']*$/ } : null;
    }
    const word = context.matchBefore(/[a-zA-Z_][\w-]*$/);
    if (!word && !context.explicit) return null;
    const from = word?.from ?? context.pos;
    const afterPipe = /\|\s*[\w-]*$/.test(context.state.doc.sliceString(Math.max(0, context.pos - 60), context.pos));
    const options = afterPipe ? OPERATORS.map((name) => ({ label: name, type: 'keyword' })) : [
      ...columns.map(({ name, type, doc }) => ({ label: name, type: 'property', detail: type, info: doc, boost: 2 })),
      { label: 'AWSCloudTrail', type: 'type', detail: 'table', boost: 3 },
      ...logTables.map(({ name, doc }) => ({ label: name, type: 'type', detail: 'table', info: doc, boost: 1 })),
      ...logTables.flatMap(({ name: table, columns: own }) => own.map(({ name, type }) => ({ label: name, type: 'property', detail: `${type}, ${table}` }))),
      ...supplied().flatMap(namesOf),
      ...functions.map(({ name, call, doc, kind }) => ({ label: name, type: kind, apply: `${name}(`, detail: kind, info: `${call}  ${doc}` })),
      ...KEYWORDS.map((name) => ({ label: name, type: 'keyword' })),
    ];
    return { from, options, validFor: /^[\w-]*$/ };
  };
  const lint = linter(async (view) => (await diagnose(view.state.doc.toString())).map(({ start, end, severity, message, hint: advice, code }) => ({
    from: Math.min(start, view.state.doc.length), to: Math.min(Math.max(end, start), view.state.doc.length),
    severity: severity === 'information' ? 'info' : severity, message: `${message}${advice ? ` (${advice})` : ''}`, source: code,
  })), { delay: 300 });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(keymap.of([{ key: 'Mod-Enter', run: () => { run?.(); return true; } }, { key: 'Escape', run: (v) => { v.contentDOM.blur(); return false; } }])),
        history(), highlightSpecialChars(), drawSelection(), bracketMatching(), closeBrackets(), highlightActiveLine(), EditorView.lineWrapping,
        language === 'rule' ? [yamlLanguage, lineNumbers()] : kqlLanguage,
        syntaxHighlighting(colours), look, typedOver, lint, placeholder(hint ?? ''),
        autocompletion({ override: [complete], icons: false }),
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap]),
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
        EditorView.updateListener.of((update) => { if (update.docChanged) changed?.(update.state.doc.toString()); }),
      ],
    }),
  });
  return {
    get text() { return view.state.doc.toString(); },
    /** Where the cursor is. */
    get place() { return view.state.selection.main.head; },
    set text(next) { if (next !== this.text) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } }); },
    focus: () => view.focus(),
    select: (from, to) => { view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true }); view.focus(); },
    destroy: () => view.destroy(),
  };
}
