// AWS Lambda, Node 20 or later. The trail's bucket notifies this function of each new file, directly or through SNS or SQS.
// Bundle it (SAM, CDK, Serverless and esbuild carry the module inside the bundle), or deploy it as handler.mjs with its node_modules.
// The runtime provides the AWS SDK. Alerts go to the function's log, one per line; so do problems, to standard error.
// Each call evaluates its own files. A rule whose window spans several calls needs the files together: use `forepost scan`.

import { readFileSync, readdirSync } from 'node:fs';
import { Detector, load } from 'forepost';

/** `read` returns the body of an object, in chunks. `options` are those of a Detector, for example `{ rules: [yaml] }`. */
export function createHandler(read, options) {
  return async (event) => {
    await load();
    // One detector for all files of this call, so that a window may span several of them.
    const detector = new Detector(options);
    let problems = 0;
    const report = (key) => {
      for (const problem of detector.problems()) {
        console.error(JSON.stringify({ key, ...problem }));
        problems += 1;
      }
    };
    try {
      for (const { bucket, key } of objectsIn(event)) {
        for await (const chunk of await read(bucket, key)) detector.push(chunk);
        detector.endInput();
        report(key);
      }
      detector.finish();
      let alerts = 0;
      for (const text of detector.alertTexts()) { // all of them: one text has 16 MB at most
        for (const line of text.split('\n').filter(Boolean)) {
          console.log(line);
          alerts += 1;
        }
      }
      report(); // of runs of rules that failed
      const { events, untimed, dropped } = detector.stats();
      return { events, alerts, problems, ...(untimed && { untimed }), ...(dropped && { dropped }) };
    } finally {
      detector.dispose();
    }
  };
}

/** Returns the objects of an S3 event, also inside SNS and SQS messages. */
function objectsIn(event) {
  return (event.Records ?? []).flatMap((record) => {
    if (record.s3) return [{ bucket: record.s3.bucket.name, key: decodeURIComponent(record.s3.object.key.replaceAll('+', ' ')) }];
    const inner = record.Sns?.Message ?? record.body;
    if (!inner) return [];
    const parsed = JSON.parse(inner);
    return objectsIn(parsed.Message ? { Records: [{ body: parsed.Message }] } : parsed);
  });
}

/** The rules in a folder that is deployed with the function: set FOREPOST_RULES to its path. Without it, the built-in rules run. */
export function rulesIn(folder) {
  if (!folder) return undefined;
  return readdirSync(folder).filter((name) => /(?<!\.test)\.ya?ml$/.test(name)).map((file) => ({ file, text: readFileSync(`${folder}/${file}`, 'utf8') }));
}

let s3;
export const handler = createHandler(async (Bucket, Key) => {
  const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  s3 ??= new S3Client();
  return (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body;
}, { rules: rulesIn(process.env.FOREPOST_RULES) });
