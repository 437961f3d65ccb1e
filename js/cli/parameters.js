// The parameters of a request, in a few words: those that tell most, without what is empty and without the wrappings of XML.

import { clean, fit } from './terminal.js';

/** The most useful parameters, in order of preference. If a request has none of them, its first ones are shown. */
const TELLING = ['repositoryName', 'bucketName', 'userName', 'roleName', 'roleArn', 'policyArn', 'policyName', 'groupId', 'cidrIp', 'groupName', 'instanceId',
  'functionName', 'trailName', 'name', 'keyId', 'dBInstanceIdentifier', 'secretId', 'topicArn', 'queueUrl', 'userId', 'valuesToAdd', 'snapshotId', 'imageId', 'target', 'documentName', 'instanceType'];
/** Keys that only wrap what is inside, and those that number it. */
const WRAPPING = new Set(['items', 'content', 'item', 'member']);
const NUMBERING = new Set(['tag']);

const FIRST = 2;    // telling parameters that are shown, and
const OTHERS = 2;   // others, if they are short
const SHORT = 60;
const LONGEST = 120;
const VALUES = 3;   // of a list
const LOOKED_AT = 100; // values of a request
const DEEPEST = 8;

/** `userName=eve policyArn=… launchPermission.add.userId=1111,2222` */
export function parameters(given) {
  const all = [...leavesOf(typeof given === 'string' ? parsed(given) : given)].map(([path, values]) => [path, listed(values)]);
  const telling = TELLING.flatMap((name) => all.filter(([path]) => lastOf(path) === name)).slice(0, FIRST);
  const rest = all.filter((parameter) => !telling.includes(parameter));
  const others = telling.length > 0 ? rest.filter(([path, text]) => path.length + text.length < SHORT) : rest;
  return [...telling, ...others.slice(0, OTHERS)].map(([path, text]) => `${clean(path)}=${fit(clean(text), LONGEST)}`).join(' ');
}

const lastOf = (path) => path.slice(path.lastIndexOf('.') + 1);

const listed = (values) => `${values.slice(0, VALUES).join(',')}${values.length > VALUES ? ` and ${values.length - VALUES} more` : ''}`;

/** The values of a request by their paths, as many as may be looked at. */
function leavesOf(request) {
  const found = new Map();
  let left = LOOKED_AT;
  const visit = (value, path) => {
    if (value === null || value === '' || value === undefined || left <= 0) return;
    if (typeof value !== 'object') {
      left -= 1;
      const key = path.join('.');
      if (found.has(key)) found.get(key).push(String(value));
      else found.set(key, [String(value)]);
    } else if (path.length < DEEPEST) {
      for (const [key, inner] of Object.entries(value)) {
        if (NUMBERING.has(key) && path.length > 0) continue;
        visit(inner, Array.isArray(value) || (WRAPPING.has(key) && path.length > 0) ? path : [...path, key]);
      }
    }
  };
  visit(request, []);
  return found;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // "" where there was no request
  }
}
