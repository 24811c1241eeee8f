import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Recording } from '../recording.ts';
import { operator, page, setUp, startMs } from '../recording.fixture.ts';
import type { Fixture } from '../recording.fixture.ts';
import {
  clipEnd,
  clipHead,
  decodeBase64,
  decodeBase64Text,
  encodeBase64,
  manifestText,
  parseManifest,
  readClipLines,
  splitClipFile,
} from './clip-format.ts';
import type { ClipManifest } from './clip-format.ts';
import { openClip, verifyClipFile } from './verify-clip.ts';

async function exported(recording: Recording, camera: string, span: { fromMs: number; toMs: number }): Promise<string> {
  const clip = await recording.exportClip({ camera, ...span, reason: 'stolen bicycle', actor: operator });
  const chunks: string[] = [];
  for await (const chunk of clip.stream) chunks.push(String(chunk));
  const html = chunks.join('');
  assert.equal(Buffer.byteLength(html), clip.bytes);
  return html;
}

/** Two cameras; the yard's has a pause of a minute in it. */
async function recorded(fixture: Fixture) {
  const recording = await fixture.open();
  await fixture.send('yard', 12_250);
  fixture.clock.advance(60_000);
  await fixture.tick();
  await fixture.send('yard', 11_000);
  await fixture.send('door', 11_000);
  fixture.clock.advance(10_000);
  await fixture.tick();
  return recording;
}

const all = { fromMs: startMs, toMs: startMs + 200_000 };

/** The file with other data in it. */
function withData(html: string, change: (lines: string[]) => string[]): string {
  const { data } = splitClipFile(html);
  return html.replace(data, () => change(data.split('\n')).join('\n'));
}

test('An exported clip verifies offline, names what it is, and says its gaps', async (t) => {
  const fixture = await setUp(t);
  const recording = await recorded(fixture);
  const html = await exported(recording, 'yard', all);
  const result = verifyClipFile(html, { verifierKeys: [fixture.verifierKey] });
  assert.deepEqual(result.problems, []);
  assert.ok(result.ok && result.keyGiven);
  assert.equal(result.verdicts.length, 4);
  const { manifest } = result;
  assert.ok(manifest !== undefined);
  assert.equal(manifest.name, 'The yard');
  assert.equal(manifest.reason, 'stolen bicycle');
  assert.equal(manifest.exported_by, 'Ada');
  const [gap] = manifest.gaps;
  assert.deepEqual(gap, { from_ms: startMs + 12_000, to_ms: startMs + 72_250, why: 'offline' });
  assert.ok(verifyClipFile(html).ok);
  assert.equal(verifyClipFile(html, { verifierKeys: [] }).keyGiven, false);
  assert.equal(fixture.events().filter(({ metadata }) => metadata.event_code === 'clip.export').length, 1);
});

test('Every time that was asked for is shown or has a reason, also before the first picture and after the last', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  await fixture.send('yard', 15_000);
  const html = await exported(recording, 'yard', { fromMs: startMs - 60_000, toMs: startMs + 60_000 });
  const { ok, manifest } = verifyClipFile(html, { verifierKeys: [fixture.verifierKey] });
  assert.ok(ok && manifest !== undefined);
  assert.deepEqual(
    manifest.gaps.map(({ from_ms: from, to_ms: to, why }) => [from - startMs, to - startMs, why]),
    [
      [-60_000, 0, 'before_first'],
      [9750, 60_000, 'not_sealed_yet'],
    ],
  );
});

test('A flipped bit anywhere in the file is refused, and one in a segment says which', async (t) => {
  const fixture = await setUp(t);
  const recording = await recorded(fixture);
  const html = await exported(recording, 'yard', { fromMs: startMs, toMs: startMs + 11_000 });
  const bytes = Buffer.from(html);
  const lines = html.split('\n');
  const segmentLines = lines.flatMap((line, at) => (line.startsWith('segment ') ? [at] : []));
  assert.equal(segmentLines.length, 2);
  const lineOf = (place: number): number => bytes.subarray(0, place).toString().split('\n').length - 1;
  let refused = 0;
  for (let place = 0; place < bytes.length; place += 71) {
    const flipped = Buffer.from(bytes);
    flipped[place] = (flipped[place] ?? 0) ^ (1 << (place & 7));
    const result = verifyClipFile(flipped.toString('utf8'), { verifierKeys: [fixture.verifierKey] });
    assert.equal(result.ok, false, `bit ${place & 7} of byte ${place}`);
    const segment = segmentLines.indexOf(lineOf(place));
    if (segment >= 0 && result.problems.length === 0) {
      const wrong = result.verdicts.flatMap((verdict, at) => (verdict.ok ? [] : [at]));
      assert.deepEqual(wrong, [segment]);
      refused += 1;
    }
  }
  assert.ok(refused > 150);
});

test('Segments taken out, put in, put elsewhere or taken from another camera are refused', async (t) => {
  const fixture = await setUp(t);
  const recording = await recorded(fixture);
  const yard = await exported(recording, 'yard', all);
  const door = await exported(recording, 'door', all);
  const doorLines = splitClipFile(door).data.split('\n');
  const keys = { verifierKeys: [fixture.verifierKey] };
  const omitted = withData(yard, (lines) => lines.filter((_, at) => at !== 4));
  assert.match(verifyClipFile(omitted, keys).problems.join(), /3 segments, and 4 were exported/);
  const swapped = withData(yard, (lines) => lines.with(3, lines[4] ?? '').with(4, lines[3] ?? ''));
  assert.deepEqual(
    verifyClipFile(swapped, keys).verdicts.map(({ ok }) => ok),
    [false, false, true, true],
  );
  const foreign = withData(yard, (lines) => lines.with(3, doorLines[3] ?? ''));
  assert.deepEqual(
    verifyClipFile(foreign, keys).verdicts.map(({ ok }) => ok),
    [false, true, true, true],
  );
  const bytesOfAnother = withData(yard, (lines) =>
    lines.with(3, [...(lines[3] ?? '').split(' ').slice(0, 2), (lines[4] ?? '').split(' ')[2]].join(' ')),
  );
  assert.deepEqual(
    verifyClipFile(bytesOfAnother, keys).verdicts.map(({ ok }) => ok),
    [false, true, true, true],
  );

  // Who writes the manifest anew, to hide what was taken out or whose it is, lacks the record of that export.
  const { manifest: manifestLine, exported: exportLine, segments } = readClipLines(splitClipFile(yard).data);
  const manifest = parseManifest(decodeBase64Text(manifestLine));
  assert.ok(manifest !== undefined);
  const rewritten = (changed: Partial<ClipManifest>): string => {
    const wanted = { ...manifest, ...changed };
    const kept = segments.filter((_, at) =>
      manifest.segments.some((segment, place) => place === at && wanted.segments.includes(segment)),
    );
    const head = clipHead(manifestText(wanted), decodeBase64Text(exportLine));
    return withData(yard, () => [
      ...head.trimEnd().split('\n'),
      ...kept.map(({ evidence, bytes }) => `segment ${evidence} ${bytes}`),
      clipEnd,
    ]);
  };
  assert.ok(verifyClipFile(rewritten({}), keys).ok);
  for (const changed of [
    { segments: manifest.segments.filter((_, at) => at !== 1) },
    { gaps: [] },
    { reason: 'nothing' },
    { exported_by: 'Eve' },
    { camera: 'door' },
    { page_sha256: createHash('sha256').update('x').digest('hex') },
  ])
    assert.equal(verifyClipFile(rewritten(changed), keys).ok, false, Object.keys(changed).join());
});

test('A clip of another log, or with a page of somebody else, does not verify', async (t) => {
  const [fixture, other] = [await setUp(t), await setUp(t)];
  const recording = await recorded(fixture);
  const html = await exported(recording, 'yard', all);
  const result = verifyClipFile(html, { verifierKeys: [other.verifierKey] });
  assert.equal(result.ok, false);
  assert.ok(result.verdicts.every(({ ok }) => !ok));
  assert.ok(verifyClipFile(html, { verifierKeys: [other.verifierKey, fixture.verifierKey] }).ok);
  const lying = html.replace('play()', 'lie()');
  assert.match(verifyClipFile(lying, { verifierKeys: [fixture.verifierKey] }).problems.join(), /page around/);
});

test('What cannot be read any more is a gap in the clip, and what is nothing or too much is refused', async (t) => {
  const fixture = await setUp(t);
  const recording = await recorded(fixture);
  const name = (await fixture.files.list()).find((file) => file.endsWith(`/${startMs}.sealed`)) ?? '';
  writeFileSync(join(fixture.recordingsDirectory, name), 'x');
  const html = await exported(recording, 'yard', { fromMs: startMs, toMs: startMs + 12_000 });
  const result = verifyClipFile(html, { verifierKeys: [fixture.verifierKey] });
  assert.ok(result.ok);
  assert.deepEqual(
    result.manifest?.gaps.map(({ why }) => why),
    ['lost'],
  );
  const request = { camera: 'yard', ...all, reason: 'x', actor: operator };
  await assert.rejects(recording.exportClip({ ...request, camera: 'never' }), { code: 'clip_empty' });
  const small = await fixture.open({ limits: { clipBytes: 1000 } });
  await assert.rejects(small.exportClip(request), { code: 'clip_too_large' });
  const unbuilt = await fixture.open({ clipPage: () => undefined });
  await assert.rejects(unbuilt.exportClip(request), { code: 'clip_page_missing' });
});

test('openClip() never throws, whatever the data is', () => {
  const lines = fc.array(
    fc.oneof(
      fc.string(),
      fc.base64String().map((text) => `segment ${text} ${text}`),
    ),
  );
  fc.assert(
    fc.property(fc.string(), lines, (text, more) => {
      for (const data of [
        text,
        ['sallyport-clip@v1', `manifest ${encodeBase64(text)}`, 'export ', ...more, 'end'].join('\n'),
      ]) {
        const clip = openClip(data);
        assert.equal(clip.head.ok, false);
        assert.equal(clip.verifySegment(0).ok, false);
      }
      assert.equal(verifyClipFile(page.replace('<!--CLIP-->', () => text)).ok, false);
    }),
  );
});

test('decodeBase64() reads what was written, and one spelling of it', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 50 }),
      fc.nat(),
      fc.string({
        unit: fc.constantFrom('A', 'Z', 'a', '0', '+', '/', '=', '-', ' ', '\n'),
        minLength: 1,
        maxLength: 1,
      }),
      (bytes, place, other) => {
        const text = Buffer.from(bytes).toString('base64');
        assert.deepEqual([...decodeBase64(text)], [...bytes]);
        const at = text.length === 0 ? 0 : place % text.length;
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        if (changed === text) return;
        try {
          assert.notDeepEqual([...decodeBase64(changed)], [...bytes]);
        } catch (error) {
          assert.ok(error instanceof Error && error.name !== 'AssertionError');
        }
      },
    ),
  );
});
