// AWS Lambda, Node 20 or newer: the trail's bucket notifies this function of each new file, directly or through SNS or SQS.
// Bundle it with the package `forepost`; the runtime brings the AWS SDK. Alerts go to the function's log, one a line.

import { Detector, load } from 'forepost';

/** `read` takes a bucket and a key to the object's body, in chunks. */
export function createHandler(read) {
  return async (event) => {
    await load();
    // One detector for all files of this call, so that a window over several of them is seen whole.
    const detector = new Detector();
    const problems = [];
    try {
      for (const { bucket, key } of objectsIn(event)) {
        for await (const chunk of await read(bucket, key)) detector.push(chunk);
        detector.endInput();
        problems.push(...detector.problems().map((problem) => ({ key, ...problem })));
      }
      detector.finish();
      const alerts = detector.alertsText().split('\n').filter(Boolean);
      alerts.forEach((line) => console.log(line));
      problems.forEach((problem) => console.error(JSON.stringify(problem)));
      return { events: detector.stats().events, alerts: alerts.length, problems: problems.length };
    } finally {
      detector.dispose();
    }
  };
}

/** The objects of an S3 event, also inside SNS and SQS. */
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
