// Killed between any two steps: what counts as kept is there, what does not is told.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RecordingNeeds } from './recording-needs.ts';
import { operator, setUp, startMs } from './recording.fixture.ts';
import type { Fixture } from './recording.fixture.ts';

const minute = 60_000;

/** What stands in a process that was killed: nothing after it happens. */
const never = new Promise<never>(() => undefined);

/** `step` is the last thing this process does. */
function killedAt(fixture: Fixture, step: 'before file' | 'after file' | 'after append' | 'before append') {
  let isDead = (): void => undefined;
  const dead = new Promise<void>((resolve) => {
    isDead = resolve;
  });
  const end = async (): Promise<never> => {
    isDead();
    return never;
  };
  const { files, ledger } = fixture.needs;
  const changed: Partial<RecordingNeeds> = {
    files: {
      ...files,
      async write(name, bytes) {
        if (step === 'before file') return end();
        await files.write(name, bytes);
        return step === 'after file' ? end() : undefined;
      },
    },
    ledger: {
      ...ledger,
      async append(batch) {
        if (step === 'before append') return end();
        const positions = await ledger.append(batch);
        return step === 'after append' ? end() : positions;
      },
    },
  };
  return { changed, dead };
}

for (const step of ['before file', 'after file', 'before append', 'after append'] as const) {
  test(`A process killed ${step}: the next start ${step === 'before file' ? 'says what is lost' : 'keeps the segment, once'}`, async (t) => {
    const fixture = await setUp(t);
    const { changed, dead } = killedAt(fixture, step);
    // Not one of those the fixture closes: a killed process closes nothing.
    await fixture.openUnclosed(changed);
    fixture.sendAtOnce('yard', 10_250);
    await dead;
    const recording = await fixture.open();
    await recording.settled();
    const { segments, gaps } = await recording.timeline('yard', startMs, startMs + 10_000);
    if (step === 'before file') {
      assert.deepEqual(segments, []);
      assert.deepEqual(
        gaps.map(({ why }) => why),
        ['lost'],
      );
      assert.equal(fixture.events().length, 0);
    } else {
      assert.deepEqual(
        segments.map(({ start_ms: from }) => from),
        [startMs],
      );
      await recording.segment('yard', startMs);
      assert.equal(fixture.events().length, 1);
    }
    assert.deepEqual(await unexplained(fixture), []);
  });
}

test('While the server was away nobody says that the camera sent nothing', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  await fixture.send('yard', 12_000);
  await fixture.tick();
  await recording.close();
  fixture.clock.advance(5 * minute);
  const again = await fixture.open();
  await fixture.send('yard', 2000);
  fixture.clock.advance(minute);
  await fixture.tick();
  const { gaps } = await again.timeline('yard', startMs, startMs + 10 * minute);
  assert.deepEqual(
    gaps.map(({ from_ms: from, to_ms: to, why }) => [from - startMs, to - startMs, why]),
    [
      [11_750, 5 * minute + 12_000, 'lost'],
      [5 * minute + 13_750, 6 * minute + 11_000, 'offline'],
    ],
  );
});

test('A half-written file is removed, an unexplained one is set aside, and a deletion that was begun is finished', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  await fixture.send('yard', 20_250);
  await recording.close();
  const folder = join(
    fixture.recordingsDirectory,
    'segments',
    readdirSync(join(fixture.recordingsDirectory, 'segments'))[0] ?? '',
  );
  const day = join(folder, readdirSync(folder)[0] ?? '');
  writeFileSync(join(day, '1.sealed.new'), 'half');
  writeFileSync(join(day, '2.sealed'), 'whose');
  await fixture.database
    .withTables<{ camera_segments: { state: string; start_ms: number } }>()
    .updateTable('camera_segments')
    .set({ state: 'deleting' })
    .where('start_ms', '=', startMs)
    .execute();
  const again = await fixture.open();
  await again.settled();
  const { segments } = await again.timeline('yard', startMs, startMs + minute);
  assert.deepEqual(
    segments.map(({ start_ms: from }) => from - startMs),
    [10_000, 20_000],
  );
  assert.deepEqual(readdirSync(day).toSorted(), [`${startMs + 10_000}.sealed`, `${startMs + 20_000}.sealed`]);
  assert.equal(readdirSync(join(fixture.recordingsDirectory, 'unexplained')).length, 1);
  assert.ok(fixture.lines.some((line) => line.includes('set aside')));
});

test('A file that somebody removed is told at the next start, and nothing of it is forgotten', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  await fixture.send('yard', 10_250);
  await recording.close();
  const names = (await fixture.files.list()).filter((name) => name.endsWith(`${startMs}.sealed`));
  for (const name of names) await fixture.files.remove(name);
  const again = await fixture.open();
  const { gaps } = await again.timeline('yard', startMs, startMs + 9000);
  assert.deepEqual(
    gaps.map(({ why }) => why),
    ['lost'],
  );
  await fixture.open();
  assert.equal(fixture.events().filter(({ metadata }) => metadata.event_code === 'recording.missing').length, 1);
});

test('A late segment for an old day whose key was forgotten gets a new one', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const phone = fixture.addDevice('phone');
  const day = 24 * 60 * minute;
  const first = phone.lateSegment(startMs - 2 * day);
  await recording.takeLate(first);
  await recording.changeRetention({ days: 1, bytes_per_camera: 2 ** 30, bytes: 2 ** 30 }, operator);
  await fixture.tick();
  await recording.changeRetention({ days: 5, bytes_per_camera: 2 ** 30, bytes: 2 ** 30 }, operator);
  const second = phone.lateSegment(startMs - 2 * day + minute);
  assert.deepEqual(await recording.takeLate(second), { state: 'kept' });
  assert.deepEqual([...(await recording.segment('phone', second.startedMs))], [...second.piece]);
});

async function unexplained(fixture: Fixture): Promise<string[]> {
  const rows = await fixture.database
    .withTables<{ camera_segments: { start_ms: number } }>()
    .selectFrom('camera_segments')
    .select('start_ms')
    .execute();
  const known = rows.map(({ start_ms: from }) => `${from}.sealed`);
  return (await fixture.files.list()).filter((name) => !known.some((ending) => name.endsWith(`/${ending}`)));
}
