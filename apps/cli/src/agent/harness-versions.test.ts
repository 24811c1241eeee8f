import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { findHarness, holesOf, isAtLeast, postsHooksSafely, versionIn } from './harness-versions.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-versions-'));
after(() => rmSync(directory, { recursive: true, force: true }));

test('versions are read out of what programs say', () => {
  assert.equal(versionIn('2.1.330 (Claude Code)\n'), '2.1.330');
  assert.equal(versionIn('codex-cli 0.169.0'), '0.169.0');
  assert.equal(versionIn('1.2'), undefined);
});

test('a version is at least another by its numbers, and nothing is at least what cannot be read', () => {
  assert.ok(isAtLeast('2.1.295', '2.1.295'));
  assert.ok(isAtLeast('2.1.1000', '2.1.295'));
  assert.ok(isAtLeast('3.0.0', '2.1.295'));
  assert.ok(!isAtLeast('2.1.294', '2.1.295'));
  assert.ok(!isAtLeast(undefined, '0.0.0'));
  const version = fc.tuple(fc.nat(9999), fc.nat(9999), fc.nat(9999)).map((parts) => parts.join('.'));
  fc.assert(
    fc.property(version, version, (one, other) => {
      assert.ok(isAtLeast(one, other) || isAtLeast(other, one));
      assert.equal(isAtLeast(one, other) && isAtLeast(other, one), one === other);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => assert.equal(typeof isAtLeast(text, '2.1.295'), 'boolean')));
});

test('what lets calls through unasked posts nothing itself, and what is unknown has every hole', () => {
  const closed = { failsOpen: false };
  assert.ok(postsHooksSafely('2.1.330', closed));
  assert.ok(!postsHooksSafely('2.1.294', closed));
  assert.ok(!postsHooksSafely(undefined, closed));
  // Where it may fail open anyway, posting loses nothing.
  assert.ok(postsHooksSafely('2.1.63', { failsOpen: true }));
  assert.ok(!postsHooksSafely('2.1.62', { failsOpen: true }));
  assert.deepEqual(holesOf('claude-code', '2.1.330'), []);
  assert.deepEqual(
    holesOf('claude-code', '2.1.270').map(({ fixedIn }) => fixedIn),
    ['2.1.295'],
  );
  assert.equal(holesOf('claude-code', undefined).length, 4);
});

test('the program on the search path is asked, never one in the folder somebody else fills', async () => {
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'claude'), '#!/bin/sh\necho "2.1.270 (Claude Code)"\nexit 3\n');
  chmodSync(join(bin, 'claude'), 0o755);
  assert.deepEqual(await findHarness('claude-code', `relative:${bin}`), {
    harness: 'claude-code',
    file: join(bin, 'claude'),
    version: '2.1.270',
  });
  assert.equal(await findHarness('codex', bin), undefined);
  assert.equal(await findHarness('claude-code', 'bin:.'), undefined);
  // One that says nothing in time has no version.
  writeFileSync(join(bin, 'codex'), '#!/bin/sh\nexec sleep 60\n');
  chmodSync(join(bin, 'codex'), 0o755);
  assert.equal((await findHarness('codex', bin, 50))?.version, undefined);
});
