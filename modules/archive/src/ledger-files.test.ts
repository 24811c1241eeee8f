import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from './archive-testing.ts';
import { createLedgerFiles } from './ledger-files.ts';
import { startUnderArchive } from './ledger-under-archive.fixture.ts';

test('a span is found by its entry, whatever place was noted, and never goes past what is durable', async (context) => {
  const under = await startUnderArchive(context, temporaryDirectory(context));
  for (const count of [20, 30, 10]) await under.append(count);
  const files = createLedgerFiles(join(under.dataDirectory, 'ledger'));
  const whole = await files.nextSpan(1, { segment: 0, offset: 0, index: 0 }, 63);
  assert.deepEqual([whole?.first, whole?.end, whole?.isFull], [0, 63, false]);
  assert.equal((await files.nextSpan(1, { segment: 0, offset: 0, index: 0 }, 62))?.end, 52);
  assert.equal(await files.nextSpan(1, { segment: 0, offset: 0, index: 0 }, 20), undefined);
  const right = await files.nextSpan(1, { segment: 0, offset: 0, index: 21 }, 63);
  assert.deepEqual([right?.first, right?.end], [21, 63]);
  // A segment that was pruned is shorter: every place noted before is wrong.
  for (const offset of [7, whole?.bytes ?? 0, 1_000_000_000])
    assert.deepEqual(
      await files.nextSpan(1, { segment: 0, offset, index: 21 }, 63),
      offset === whole?.bytes ? undefined : right,
    );
  assert.equal(await files.nextSpan(1, { segment: 0, offset: whole?.bytes ?? 0, index: 63 }, 63), undefined);
  assert.equal(await files.nextSpan(2, { segment: 0, offset: 0, index: 0 }, 63), undefined);
});

test('a block that is damaged on this disk is not archived as if it were sound', async (context) => {
  const under = await startUnderArchive(context, temporaryDirectory(context));
  await under.append(20);
  await under.append(20);
  const files = createLedgerFiles(join(under.dataDirectory, 'ledger'));
  const span = await files.nextSpan(1, { segment: 0, offset: 0, index: 0 }, 42);
  assert.ok(span !== undefined);
  const { sha256 } = await files.checkedFile(span);
  assert.equal(await files.compare(span, sha256), 'same');
  assert.equal(await files.compare({ ...span, bytes: span.bytes + 1 }, sha256), 'pruned');
  assert.equal(await files.compare({ ...span, segment: 5 }, sha256), 'pruned');
  const path = join(under.dataDirectory, 'ledger/logs/1/blocks/0000000000000000.blocks');
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(path, bytes);
  await assert.rejects(files.checkedFile(span), { code: 'archive_invalid' });
  assert.equal(await files.compare(span, sha256), 'other');
});
