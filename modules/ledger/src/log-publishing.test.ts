import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as nextRound } from 'node:timers/promises';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { parseSignedCheckpoint, parseVerifierKey, verifyTileLog } from '@sallyport/merkle-log';
import { readFileIfPresent } from '@sallyport/platform/files';
import { openLog } from './log.ts';
import type { Log } from './log.ts';
import { entry, logNeeds, temporaryDirectory, testStartMs } from './ledger-testing.ts';

function logIn(context: TestContext): { readonly log: Log; readonly directory: string; readonly root: string } {
  const root = temporaryDirectory(context);
  return { log: openLog(logNeeds(root)), directory: join(root, 'log'), root };
}

const sizeOf = (note: string): number => parseSignedCheckpoint(note).checkpoint.treeSize;
const sizeOnDisk = (directory: string): number => sizeOf(readFileSync(join(directory, 'checkpoint'), 'utf8'));

async function isWhole(directory: string, log: Log): Promise<boolean> {
  const read = async (path: string): Promise<Uint8Array | undefined> => readFileIfPresent(join(directory, path));
  return (await verifyTileLog({ read, verifierKeys: [parseVerifierKey(log.verifierKey)] })).ok;
}

test('what is published beside appends covers what was there, and no checkpoint follows a newer one, in any order of both ways', async (context) => {
  const step = fc.constantFrom('append', 'much', 'at once', 'beside', 'round');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
      const { log, directory } = logIn(context);
      let sequence = 0;
      let told = -1;
      const underWay: Promise<void>[] = [];
      const tell = (note: string, least: number): void => {
        assert.ok(sizeOf(note) >= least);
        told = Math.max(told, sizeOf(note));
        assert.ok(sizeOnDisk(directory) >= told, `${sizeOnDisk(directory)} on disk, ${told} told`);
      };
      for (const what of steps) {
        const size = log.size();
        if (what === 'append') log.append([entry('a', sequence++)], testStartMs);
        if (what === 'much')
          log.append(
            Array.from({ length: 200 }, () => entry('a', sequence++)),
            testStartMs,
          );
        if (what === 'at once') tell(log.publish(), size);
        if (what === 'beside') underWay.push(log.publishBeside().then((note) => tell(note, size)));
        if (what === 'round') await nextRound();
      }
      await Promise.all(underWay);
      tell(log.publish(), log.size());
      assert.ok(await isWhole(directory, log));
      log.close();
    }),
    { numRuns: 25 },
  );
});

test('what is frozen or closed while it is published keeps the checkpoint it had', async (context) => {
  const frozen = logIn(context);
  frozen.log.append([entry('a', 0)], testStartMs);
  const first = frozen.log.publish();
  frozen.log.append([entry('a', 1)], testStartMs);
  const refused = frozen.log.publishBeside();
  frozen.log.setSigning('frozen');
  assert.equal(await refused, first);
  assert.equal(sizeOnDisk(frozen.directory), sizeOf(first));

  const closed = logIn(context);
  closed.log.append([entry('a', 0)], testStartMs);
  const before = closed.log.publish();
  closed.log.append([entry('a', 1)], testStartMs);
  const late = closed.log.publishBeside();
  closed.log.release();
  // Whoever has the folder now publishes what is newer.
  const next = openLog(logNeeds(closed.root));
  next.append([entry('a', 2)], testStartMs);
  const newest = next.publish();
  await assert.rejects(late, { code: 'unavailable' });
  await assert.rejects(closed.log.publishBeside(), { code: 'unavailable' });
  assert.equal(sizeOnDisk(closed.directory), sizeOf(newest));
  assert.ok(sizeOf(newest) > sizeOf(before));
  next.close();
});

test('who takes a log over writes beside under another name than whoever held it, and sweeps away what that left', async (context) => {
  const besides = (directory: string): string[] =>
    readdirSync(directory).filter((name) => name.startsWith('checkpoint.beside'));
  const one = logIn(context);
  one.log.append([entry('a', 0)], testStartMs);
  const late = assert.rejects(one.log.publishBeside(), { code: 'unavailable' });
  one.log.release();
  const next = openLog(logNeeds(one.root));
  next.append([entry('a', 1)], testStartMs);
  // Also published beside: under one name for both, what the first still writes would land in the checkpoint.
  const newest = await next.publishBeside();
  await late;
  assert.equal(readFileSync(join(one.directory, 'checkpoint'), 'utf8'), newest);
  next.close();
  writeFileSync(join(one.directory, 'checkpoint.beside-of-a-dead-one'), 'half a check');
  const third = openLog(logNeeds(one.root));
  third.append([entry('a', 2)], testStartMs);
  await third.publishBeside();
  assert.deepEqual(besides(one.directory), []);
  assert.equal(await isWhole(one.directory, third), true);
  third.close();
});

test('killed at any moment, it comes up with all it acknowledged and no checkpoint older than one it told of', async (context) => {
  const root = temporaryDirectory(context);
  openLog(logNeeds(root)).close();
  const script = `
    const { openLog } = await import(${JSON.stringify(new URL('./log.ts', import.meta.url).href)});
    const { entry, logNeeds, testStartMs } = await import(${JSON.stringify(new URL('./ledger-testing.ts', import.meta.url).href)});
    const { writeSync } = await import('node:fs');
    const log = openLog(logNeeds(process.argv[1]));
    const sizeOf = (note) => Number(note.split('\\n')[1]);
    const from = Number(process.argv[2]);
    (async () => {
      for (;;) {
        writeSync(1, 'told ' + sizeOf(await log.publishBeside()) + '\\n');
        await new Promise((next) => setImmediate(next));
      }
    })();
    for (let at = from; ; at += 1) {
      log.append([entry('a', at)], testStartMs);
      writeSync(1, 'kept ' + at + '\\n');
      if (at % 7 === 0) writeSync(1, 'told ' + sizeOf(log.publish()) + '\\n');
      await new Promise((next) => setImmediate(next));
    }`;
  let kept = -1;
  let told = -1;
  for (const lines of [15, 60, 140]) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, root, String(kept + 1)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    let left = lines;
    for await (const line of createInterface({ input: child.stdout })) {
      const [what, number] = line.split(' ');
      if (what === 'kept') kept = Math.max(kept, Number(number));
      else told = Math.max(told, Number(number));
      if ((left -= 1) === 0) child.kill('SIGKILL');
    }
    await ended;
    const log = openLog(logNeeds(root));
    assert.ok(sizeOnDisk(join(root, 'log')) >= told);
    for (let at = 0; at <= kept; at += 1) assert.notEqual(log.find(entry('a', at)), undefined, `entry ${at}`);
    // What was on its way may be there too.
    while (log.find(entry('a', kept + 1)) !== undefined) kept += 1;
    log.publish();
    assert.ok(await isWhole(join(root, 'log'), log));
    log.close();
  }
  assert.ok(told > 20, String(told));
});
