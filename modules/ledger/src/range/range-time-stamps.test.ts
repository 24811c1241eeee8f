import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { parseNote } from '@sallyport/merkle-log';
import { startStampingAuthority } from '@sallyport/testing/time-stamp-authority';
import { startLedger, temporaryDirectory, testStartMs } from '../ledger-testing.ts';
import { createTimeStampRequest, readTimeStampAnswer, verifyTimeStampToken } from '../time-stamp/index.ts';
import { exportRange, rangeLimits } from './export-range.ts';
import type { RangeBounds } from './range-prover.ts';
import { verifyRangeText } from './verify-range.ts';

/** Four blocks, and a checkpoint of the first two that an authority stamped. */
async function stampedLedger(context: TestContext) {
  const authority = await startStampingAuthority();
  context.after(() => authority.close());
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs));
  await client.ready();
  const append = (sequence: number) =>
    client.append({
      collector: 'x',
      priority: 'intake',
      entries: [{ classUid: 1, sequence, body: Buffer.from('{}') }],
    });
  await append(0);
  await append(1);
  const checkpoint = await client.checkpoint(1);
  const request = createTimeStampRequest(Buffer.from(parseNote(checkpoint).text), randomBytes).request;
  const answer = readTimeStampAnswer(await authority.reply(request));
  assert.ok(answer.ok);
  const timeStamps = [answer.token.toString('base64')];
  await append(2);
  await append(3);
  const key = await client.verifierKey(1);
  const exported = async (bounds: RangeBounds, about = checkpoint): Promise<string> => {
    const file = await exportRange(
      {
        ...client,
        knownSources: async () => [],
        cosigned: async (_, index) =>
          index === undefined || index >= 4 ? undefined : { checkpoint: about, witnessKeys: [], timeStamps },
      },
      {
        log: 1,
        bounds,
        sources: [],
        classes: [],
        nameOthers: false,
        witnessed: false,
        bodies: 'all',
        query: undefined,
        mayReadAudit: true,
        limits: rangeLimits,
      },
    );
    let text = '';
    for await (const part of file.parts()) text += part;
    return text;
  };
  return { exported, key, checkpoint };
}

test('evidence of a range says when its checkpoint existed; none is left out to have a date', async (context) => {
  const { exported, key } = await stampedLedger(context);
  const text = await exported({ kind: 'positions', from: 0, to: 3 });
  const dated = verifyRangeText(text, { verifierKey: key });
  assert.ok(dated.ok, dated.ok ? '' : dated.reason);
  assert.deepEqual([dated.to, dated.treeSize, dated.timeStamps.length], [4, 4, 1]);
  const [token = new Uint8Array()] = dated.timeStamps;
  assert.ok(verifyTimeStampToken(token, { data: Buffer.from(dated.stamped) }).ok);

  const whole = verifyRangeText(await exported({ kind: 'times', fromMs: undefined, toMs: undefined }), {
    verifierKey: key,
  });
  assert.ok(whole.ok);
  assert.deepEqual([whole.to, whole.treeSize, whole.timeStamps.length], [8, 8, 0]);
});

test('a time-stamp about another checkpoint is put in no file, and does not hold in one', async (context) => {
  const { exported, key, checkpoint } = await stampedLedger(context);
  const undated = await exported({ kind: 'positions', from: 0, to: 3 }, checkpoint.replace('\n4\n', '\n3\n'));
  assert.ok(!undated.includes('\ntimestamp '));
  const stamp = /^timestamp .*$/m.exec(await exported({ kind: 'positions', from: 0, to: 3 }))?.[0] ?? '';
  const moved = verifyRangeText(undated.replace('\ncheckpoint ', `\n${stamp}\ncheckpoint `), { verifierKey: key });
  assert.ok(moved.ok);
  const [token = new Uint8Array()] = moved.timeStamps;
  assert.equal(verifyTimeStampToken(token, { data: Buffer.from(moved.stamped) }).ok, false);
  const crowded = undated.replace('\ncheckpoint ', `${`\n${stamp}`.repeat(5)}\ncheckpoint `);
  assert.equal(verifyRangeText(crowded, { verifierKey: key }).ok, false);
});
