// Rules and functions as a caller gives them: texts, with or without the names of their files.

import { describe } from './bytes.js';
import { ForepostError } from './errors.js';

/** What a caller may give as rules or functions: one text, or a list of texts or of `{file, text}`. `arm` says where in a template a rule stood. */
export function textFiles(given = [], what) {
  const list = typeof given === 'string' ? [given] : given;
  if (!Array.isArray(list)) throw new ForepostError('bad-argument', `${what}s must be a string or an array, not ${describe(given)}`);
  return list.map((rule, index) => {
    const { text = rule, file = `${what} ${index + 1}`, arm } = Object(rule);
    if (typeof text === 'string') return { file: wellFormed(String(file)), text: wellFormed(text), arm };
    throw new ForepostError('bad-argument', `${what} ${index + 1} must be a string or { file, text }, not ${describe(rule)}`);
  });
}

/** Half a surrogate pair cannot cross as UTF-8: U+FFFD stands for it, as everywhere in the web's APIs. */
const wellFormed = (text) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));
