// AWS Lambda, Node 20 or later. The trail's bucket notifies this function of each new file, directly or through SNS or SQS.
// Deploy it with its node_modules, or keep `forepost` external in your bundler: a bundler does not copy forepost.wasm.
// The runtime provides the AWS SDK. Alerts go to the function's log, one per line.
// Each call evaluates its own files. A rule whose window spans several calls needs the files together: use `forepost scan`.

import { Detector, load } from 'forepost';

/** `read` returns the body of an object, in chunks. `options` are those of a Detector, for example `{ rules: [yaml] }`. */
export function createHandler(read, options) {
  return async (event) => {
    await load();
    // One detector for all files of this call, so that a window may span several of them.
    const detector = new Detector(options);
    const problems = [];
    try {
      for (const { bucket, key } of objectsIn(event)) {
        for await (const chunk of await read(bucket, key)) detector.push(chunk);
        detector.endInput();
        problems.push(...detector.problems().map((problem) => ({ key, ...problem })));
      }
      detector.finish();
      let alerts = 0;
      for (const text of detector.alertTexts()) {
        for (const line of text.split('\n').filter(Boolean)) {
          console.log(line);
          alerts += 1;
        }
      }
      problems.forEach((problem) => console.error(JSON.stringify(problem)));
      return { events: detector.stats().events, alerts, problems: problems.length };
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

let s3;
export const handler = createHandler(async (Bucket, Key) => {
  const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  s3 ??= new S3Client();
  return (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body;
});
