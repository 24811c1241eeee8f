// The machine is gone. What is left is the archive, the recovery kit on a stick, and its code on a piece of paper.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runSallyport } from './command-line.ts';
import { markedLine, markerOf } from './marked-events.ts';
import { searchEverything, verifierKeyOf } from './recorded-events.ts';
import { sendLines } from './sending.ts';
import { createServerUnderTest } from './server-under-test.ts';
import { eventually } from './waiting.ts';

test(
  'an empty machine becomes the server again with archive, kit and code; without the code the kit shows nothing',
  { timeout: 400_000 },
  async (context) => {
    const lost = createServerUnderTest();
    context.after(() => lost.end());
    await lost.start();
    await sendLines(lost, { source: 'kept', sequence: 0, lines: [markedLine('before the fire.')] });
    await lost.caughtUp();
    const stick = join(lost.directory, 'stick');
    const elsewhere = join(lost.directory, 'elsewhere');
    for (const directory of [stick, elsewhere]) mkdirSync(directory);
    const data = ['--data', lost.dataDirectory];
    const json = (method: 'POST' | 'PUT', path: string, body: object) =>
      lost.ask({ path, method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    const set = await json('PUT', '/v1/archive/settings', { place: { kind: 'directory', path: elsewhere } });
    assert.equal(set.status, 200, set.text);
    const [kit, page] = [join(stick, 'sallyport.kit'), join(stick, 'page.html')];
    const made = await runSallyport(['vault', 'recovery-kit', '--out', kit, '--page', page, ...data], lost.environment);
    assert.equal(made.code, 0, made.stderr);
    const code = made.stdout.trim();
    assert.equal(readFileSync(page, 'utf8').includes(code), false, 'the code is on paper only');
    const standing = await lost.ask({ path: '/v1/vault/recovery-kits' });
    assert.match(standing.text, /"state":"current"/);
    const overNetwork = await json('POST', '/v1/vault/recovery-kits', {});
    assert.equal(overNetwork.status, 409, 'the master key leaves by the operator’s socket only');
    const verifierKey = await verifierKeyOf(lost);
    const begun = await json('POST', '/v1/archive/rounds', {});
    const wanted = Number(/"log":1,"archived":\d+,"entries":(\d+)/.exec(begun.text)?.[1]);
    assert.ok(wanted > 0, begun.text);
    await eventually({
      what: 'everything is archived, and under a checkpoint there',
      timeoutMs: 60_000,
      async look() {
        const { text } = await lost.ask({ path: '/v1/archive/files?limit=1000' });
        const covered = text.matchAll(/"ledger\/logs\/1\/checkpoints\/(\d{16})-/g);
        return Math.max(0, ...Array.from(covered, ([, size]) => Number(size))) >= wanted ? true : undefined;
      },
    });
    assert.equal(await lost.stop(), 0);
    rmSync(lost.dataDirectory, { recursive: true });
    rmSync(lost.environment['XDG_CONFIG_HOME'] ?? '', { recursive: true });

    const back = createServerUnderTest();
    context.after(() => back.end());
    const paper = join(back.directory, 'paper');
    const recover = (): ReturnType<typeof runSallyport> =>
      runSallyport(
        ['vault', 'recover', '--kit', kit, '--archive', elsewhere, '--to', back.dataDirectory, '--code', paper],
        back.environment,
      );
    writeFileSync(
      paper,
      code.replace(/^./, (first) => (first === '7' ? '8' : '7')),
    );
    const mistyped = await recover();
    assert.equal(mistyped.code, 1);
    assert.match(mistyped.stderr, /the code is mistyped/);
    assert.equal(existsSync(join(back.dataDirectory, 'vault')), false);
    writeFileSync(paper, code);
    const done = await recover();
    assert.equal(done.code, 0, done.stderr);
    await back.start('--after-restore');
    await back.caughtUp();
    const markers = (await searchEverything(back)).flatMap(({ event }) => markerOf(event?.raw_data) ?? []);
    assert.deepEqual(markers, ['before the fire.']);
    assert.equal(await verifierKeyOf(back), verifierKey, 'the log of before is the same, under the same key');
    await sendLines(back, { source: 'kept', sequence: 1, lines: [markedLine('after it.')] });
    await back.caughtUp();
    assert.equal((await searchEverything(back)).filter(({ event }) => markerOf(event?.raw_data)).length, 2);
  },
);
