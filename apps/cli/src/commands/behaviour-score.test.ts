import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { run } from '../testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-series-'));
after(() => rm(directory, { recursive: true }));
let files = 0;

async function score(text: string): Promise<{ exitCode: number; lines: string[]; stderr: string }> {
  const path = join(directory, `${(files += 1)}.csv`);
  await writeFile(path, text);
  const { exitCode, stdout, stderr } = await run(['behaviour', 'score', '--series', path]);
  return { exitCode, lines: stdout.split('\n').slice(0, -1), stderr };
}

/** Five-minute values that swing with the day, with a jump at `at`. */
function series(rows: number, at: number): string[] {
  return Array.from({ length: rows }, (_, row) => {
    const time = new Date(Date.UTC(2026, 0, 5) + row * 300_000).toISOString().slice(0, 19).replace('T', ' ');
    const wobble = ((row * 7919) % 101) / 50;
    return `${time},${(50 + 20 * Math.sin((row * Math.PI) / 144) + wobble + (row === at ? 90 : 0)).toFixed(3)}`;
  });
}

test('a jump in a daily rhythm is what stands out, and rows come back as they were', async () => {
  const rows = series(3000, 2500);
  const { exitCode, lines, stderr } = await score(`timestamp,value\n${rows.join('\n')}\n`);
  assert.deepEqual([exitCode, stderr, lines[0]], [0, '', 'timestamp,value,anomaly_score']);
  assert.deepEqual(
    lines.slice(1).map((line) => line.slice(0, line.lastIndexOf(','))),
    rows,
  );
  const scores = lines.slice(1).map((line) => Number(line.slice(line.lastIndexOf(',') + 1)));
  assert.ok(scores.every((one) => one >= 0 && one <= 1));
  assert.equal(scores.indexOf(Math.max(...scores)), 2500);
});

test('the score of a row depends on rows up to it alone', async () => {
  const rows = series(1500, 900);
  const whole = await score(`timestamp,value\n${rows.join('\n')}`);
  for (const length of [1, 899, 901, 902, 1301]) {
    const part = await score(`timestamp,value\n${rows.slice(0, length).join('\n')}`);
    assert.deepEqual(part.lines, whole.lines.slice(0, length + 1));
  }
});

test('a line that is no row is named, left out and fails the command after the others were scored', async () => {
  const rows = series(300, 200);
  const spoilt = [...rows.slice(0, 150), 'yesterday,4', '2026-01-05 00:00:00,NaN', '1,2,3', ...rows.slice(150)];
  const { exitCode, lines, stderr } = await score(`timestamp,value\r\n${spoilt.join('\r\n')}\r\n`);
  const clean = await score(`timestamp,value\n${rows.join('\n')}`);
  assert.equal(exitCode, 1);
  assert.deepEqual(lines, clean.lines);
  assert.match(stderr, /^bad_row .*:152: "yesterday" is no time\n.*:153: "NaN" is no number\n.*:154: it must have two/);
  assert.match((await score('timestamp,value\n2026-02-31,4\n')).stderr, /"2026-02-31" is no time/);
  assert.equal((await score('time;value\n1;2\n')).exitCode, 1);
  assert.equal((await score('')).exitCode, 1);
});

test('quotes, padding, blank lines and a byte order mark are not part of what is said', async () => {
  const { exitCode, lines } = await score(
    '\uFEFFtimestamp,value\r\n"2026-01-05 00:00:00", "4.50"\r\n\r\n1767571200,5\r\n\r\n',
  );
  assert.deepEqual([exitCode, ...lines.slice(1)], [0, '2026-01-05 00:00:00,4.50,0', '1767571200,5,0']);
});

test('no file breaks it: every score that is written is a number from 0 to 1', async () => {
  const cell = fc.oneof(fc.string({ maxLength: 8 }), fc.double().map(String), fc.constant('2026-01-05 00:00:00'));
  const files = fc.array(
    fc.array(cell, { maxLength: 3 }).map((cells) => cells.join(',')),
    { maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(files, async (rows) => {
      const { lines } = await score(`timestamp,value\n${rows.join('\n')}`);
      for (const line of lines.slice(1)) assert.match(line, /,(?:0|1|0\.\d{1,6}|\de-\d)$/);
    }),
    { numRuns: 40 },
  );
});
