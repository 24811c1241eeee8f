import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { parseVerifierKey } from '@sallyport/merkle-log';
import type { VerifierKey } from '@sallyport/merkle-log';
import fc from 'fast-check';
import { entry, logNeeds, temporaryDirectory, testStartMs } from '../ledger-testing.ts';
import { openLog } from '../log.ts';
import { decodeBlock, recordLength } from '../block.ts';
import { runHere, runInWorkers, verifyLog } from './index.ts';
import type { LogVerification } from './index.ts';

type Written = { readonly directory: string; readonly key: VerifierKey; readonly dataKeys: Record<string, string> };

/** A closed log of `batches` blocks over several segments. */
function writeLog(context: TestContext, batches: number, entries: number, maxSegmentBytes = 60_000): Written {
  const root = temporaryDirectory(context);
  const needs = { ...logNeeds(root), maxSegmentBytes };
  const log = openLog(needs);
  for (let batch = 0; batch < batches; batch += 1)
    log.append(
      Array.from({ length: entries }, (_, order) => entry(`s${batch % 3}`, batch * entries + order)),
      testStartMs + batch * 1000,
    );
  log.close();
  const dataKeys: Record<string, string> = {};
  for (const record of recordsIn(join(needs.directory, 'blocks'))) {
    const { dataKeyId } = decodeBlock(record).header;
    dataKeys[dataKeyId] = needs.vault.findKey(dataKeyId)?.bytes.toString('hex') ?? '';
  }
  return { directory: needs.directory, key: parseVerifierKey(log.verifierKey), dataKeys };
}

function recordsIn(folder: string): Buffer[] {
  return readdirSync(folder).flatMap((name) => {
    const bytes = readFileSync(join(folder, name));
    const records: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = recordLength(bytes.subarray(at)) ?? bytes.length;
      records.push(bytes.subarray(at, at + length));
      at += length;
    }
    return records;
  });
}

/** Every file of a log but its index, which is made again. */
function filesOf(directory: string): { readonly path: string; readonly bytes: number }[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('index.db') && statSync(join(directory, path)).isFile())
    .toSorted()
    .map((path) => ({ path, bytes: statSync(join(directory, path)).size }));
}

const verify = ({ directory, key, dataKeys }: Written): Promise<LogVerification> =>
  verifyLog({ directory, verifierKey: key, keys: dataKeys, run: runHere });

test('a whole log verifies, contents included, with the same answer from one thread and from several', async (context) => {
  const log = writeLog(context, 35, 2000, 400_000);
  const here = await verify(log);
  assert.ok(here.ok, here.ok ? '' : JSON.stringify(here));
  assert.equal(here.treeSize, 35 * 2001);
  assert.equal(here.blocks?.opened, 70_000);
  assert.ok((here.blocks?.segments ?? 0) > 10);
  const threads = runInWorkers({
    count: 2,
    start: () => new Worker(new URL('verify-worker.fixture.ts', import.meta.url)),
    signal: new AbortController().signal,
  });
  let share = 0;
  const told = await verifyLog({
    directory: log.directory,
    verifierKey: log.key,
    keys: log.dataKeys,
    run: threads,
    onProgress: (progress) => (share = progress.share),
  });
  assert.deepEqual(told, here);
  assert.equal(share, 1);
});

test('whichever byte of whichever file is changed, the file and the place are named', async (context) => {
  const log = writeLog(context, 14, 40, 20_000);
  const files = filesOf(log.directory);
  const starts = files.map((_, at) => files.slice(0, at).reduce((sum, { bytes }) => sum + bytes, 0));
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const exact = { bytes: 0, all: 0 };
  const flip = async (place: number, change: number): Promise<void> => {
    const at = starts.findLastIndex((start) => start <= place);
    const file = files[at];
    assert.ok(file !== undefined);
    const offset = place - (starts[at] ?? 0);
    const path = join(log.directory, file.path);
    const bytes = readFileSync(path);
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(offset) ^ change, offset);
    writeFileSync(path, changed);
    const result = await verify(log).finally(() => writeFileSync(path, bytes));
    const where = `${file.path} byte ${offset} by ${change}: ${JSON.stringify(result)}`;
    assert.ok(!result.ok, where);
    assert.equal(result.fault.path, file.path, where);
    assert.ok(result.fault.offset <= offset && offset < result.fault.offset + result.fault.length, where);
    exact.all += 1;
    if (result.fault.length === 1) exact.bytes += 1;
  };
  // Each kind of file at its ends, then anywhere.
  for (const [at, { bytes }] of files.entries())
    for (const offset of [0, bytes - 1]) await flip((starts[at] ?? 0) + offset, 0x40);
  await fc.assert(fc.asyncProperty(fc.nat(total - 1), fc.integer({ min: 1, max: 255 }), flip), { numRuns: 30 });
  const tile = files.findIndex(({ path }) => path === 'tile/0/000');
  await flip((starts[tile] ?? 0) + 77, 1);
  assert.ok(exact.bytes > 0 && exact.all > exact.bytes);
});

test('what is missing, cut, swapped or put there is named; two faults are told in the order of entries', async (context) => {
  const log = writeLog(context, 60, 40);
  const { directory } = log;
  const kept = `${directory}.kept`;
  cpSync(directory, kept, { recursive: true });
  const segments = readdirSync(join(directory, 'blocks')).toSorted();
  const [first = '', second = '', third = ''] = segments;
  const block = (name: string): string => join(directory, 'blocks', name);
  const flipped = (path: string, at: number): void => {
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(path, bytes);
  };
  const attacks: Readonly<Record<string, readonly [() => void, string]>> = {
    'a segment gone': [() => rmSync(block(second)), first],
    'the first segment gone': [() => rmSync(block(first)), 'blocks'],
    'the last segment gone': [() => rmSync(block(segments.at(-1) ?? '')), 'blocks'],
    'a segment cut': [() => writeFileSync(block(second), readFileSync(block(second)).subarray(0, -7)), second],
    'two segments swapped': [
      () => {
        const [a, b] = [readFileSync(block(second)), readFileSync(block(third))];
        writeFileSync(block(second), b);
        writeFileSync(block(third), a);
      },
      second,
    ],
    'a tile gone': [() => rmSync(join(directory, 'tile', '0', '003')), 'tile/0/003'],
    'a bundle gone': [() => rmSync(join(directory, 'tile', 'entries', '003')), 'number 3'],
    'an upper tile gone': [() => rmSync(join(directory, 'tile', '1'), { recursive: true }), 'tile/1/000'],
    'the checkpoint gone': [() => rmSync(join(directory, 'checkpoint')), 'checkpoint'],
    'two bytes changed': [
      () => {
        flipped(block(third), 500);
        flipped(join(directory, 'tile', '0', '001'), 40);
      },
      'tile/0/001',
    ],
  };
  for (const [what, [attack, path]] of Object.entries(attacks)) {
    attack();
    const result = await verify(log);
    assert.ok(!result.ok && result.fault.path.includes(path), `${what}: ${JSON.stringify(result)}`);
    rmSync(directory, { recursive: true });
    cpSync(kept, directory, { recursive: true });
  }
  assert.ok((await verify(log)).ok);
});

test('a checkpoint of more entries than there can be files for is refused before any work', async (context) => {
  const { directory } = writeLog(context, 3, 40);
  const file = join(directory, 'checkpoint');
  const text = readFileSync(file, 'utf8');
  for (const size of [2 ** 40, Number.MAX_SAFE_INTEGER]) {
    writeFileSync(file, text.replace('\n123\n', `\n${size}\n`));
    const result = await verifyLog({ directory, run: runHere });
    assert.ok(!result.ok);
    assert.match(result.fault.reason, /missing/);
  }
});
