// Compares a test file with its JSON schema, which editors use too. Of JSON Schema, what test.schema.json needs; and where a value may be one of
// several shapes, its type says which one was meant, so that a message is about that one.

import { nearest } from '../nearest.js';
import schema from './test.schema.json' with { type: 'json' };

/** Throws the first error of the document. `shape`: another than that of test files. */
export function checkShape(document, shape = schema) {
  check(document, document.value, shape, []);
}

const resolve = (shape) => (shape.$ref ? schema.definitions[shape.$ref.split('/').at(-1)] : shape);

const typeOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) || typeof value === 'bigint' ? 'integer' : typeof value);

const NAMES = { array: 'a list', object: 'a mapping', string: 'a text', integer: 'a whole number', number: 'a number', boolean: 'true or false', null: 'nothing' };

const typeNamed = ({ type, enum: words }) => type ?? (words ? 'string' : undefined);

function check(document, value, given, path) {
  const shape = resolve(given);
  const fail = (message) => { throw document.error(path, `${path.length > 0 ? `${path.at(-1)}` : 'the file'} ${message}`); };
  const type = typeOf(value);
  if (shape.anyOf) {
    const branches = shape.anyOf.map(resolve);
    const fitting = branches.filter((branch) => typeNamed(branch) === type);
    if (fitting.length === 0) fail(`must be ${branches.map((branch) => NAMES[typeNamed(branch)]).join(' or ')}, not ${NAMES[type]}`);
    return check(document, value, fitting[0], path);
  }
  if (shape.enum && !shape.enum.includes(value)) {
    const guess = typeof value === 'string' ? nearest(value, shape.enum) : undefined;
    fail(`must be ${shape.enum.join(', ')}${guess ? `; did you mean ${guess}?` : ''}`);
  }
  if (shape.type && shape.type !== type) fail(`must be ${NAMES[shape.type]}, not ${NAMES[type]}`);
  if (type === 'string') {
    if (shape.minLength && value.length < shape.minLength) fail('is empty');
    if (shape.pattern && !new RegExp(shape.pattern).test(value)) fail(`is ${JSON.stringify(value)}, which has not the form of ${shape.examples?.[0] ?? '+10m, or a time'}`);
  }
  if (type === 'integer' && (value < (shape.minimum ?? -Infinity) || value > (shape.maximum ?? Infinity))) {
    fail(shape.maximum === undefined ? `must be at least ${shape.minimum}` : `must be from ${shape.minimum} to ${shape.maximum}`);
  }
  if (type === 'array') {
    if (value.length < (shape.minItems ?? 0)) fail('is an empty list');
    if (shape.items) value.forEach((item, i) => check(document, item, shape.items, [...path, i]));
  }
  if (type === 'object') checkObject(document, value, shape, path, fail);
  return undefined;
}

function checkObject(document, value, { properties = {}, additionalProperties, required = [], minProperties = 0 }, path, fail) {
  for (const [key, inner] of Object.entries(value)) {
    if (Object.hasOwn(properties, key)) check(document, inner, properties[key], [...path, key]);
    else if (additionalProperties === false) {
      const known = Object.keys(properties);
      const guess = nearest(key, known);
      throw document.error([...path, key], `unknown key ${JSON.stringify(key)}${guess ? `; did you mean ${guess}?` : `; the keys here are ${known.join(', ')}`}`);
    } else if (typeof additionalProperties === 'object') check(document, inner, additionalProperties, [...path, key]);
  }
  for (const key of required) if (!Object.hasOwn(value, key)) fail(`has no ${key}`);
  if (Object.keys(value).length < minProperties) fail('is empty');
}
