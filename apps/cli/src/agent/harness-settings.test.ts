import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import fc from 'fast-check';
import { isJsonObject } from '../json-reading.ts';
import { settableHarnesses, settingsFile, withHooks } from './harness-settings.ts';

const setup = {
  server: 'https://sp.example',
  guard: '/opt/sallyport-guard',
  failsOpen: false,
  scope: 'user',
  posts: true,
} as const;

function eventsOf(settings: JsonObject, event: string): readonly unknown[] {
  const { hooks } = settings;
  const groups = isJsonObject(hooks) ? hooks[event] : undefined;
  return Array.isArray(groups) ? groups : [];
}

test('everything else stays as it was, and writing twice is writing once', () => {
  const before = {
    model: 'x',
    hooks: { PreToolUse: [{ matcher: 'Bash', hooks: [{ type: 'command', command: 'lint' }] }], Stop: [] },
  };
  for (const harness of ['claude-code', 'gemini-cli', 'cursor'] as const) {
    const once = withHooks(harness, before, setup);
    assert.equal(once['model'], 'x', harness);
    assert.deepEqual(withHooks(harness, once, setup), once, harness);
    assert.deepEqual(eventsOf(once, 'PreToolUse')[0], before.hooks.PreToolUse[0], harness);
  }
  assert.equal(eventsOf(withHooks('claude-code', before, setup), 'PreToolUse').length, 2);
});

test('Codex refuses a file with anything it does not know', () => {
  const made = withHooks('codex', { $schema: 'x', description: 'mine', model: 'y' }, setup);
  assert.deepEqual(Object.keys(made).toSorted(), ['description', 'hooks']);
});

test('hooks fail closed unless somebody asks for the other', () => {
  for (const harness of settableHarnesses) {
    const closed = JSON.stringify(withHooks(harness, {}, setup));
    const open = JSON.stringify(withHooks(harness, {}, { ...setup, failsOpen: true }));
    assert.notEqual(closed, open, harness);
    assert.doesNotMatch(closed, /--fail open|"failClosed":false/, harness);
  }
  assert.match(JSON.stringify(withHooks('claude-code', {}, setup)), /"onFailure":"block"/);
});

test('Claude Code tells a program how a conversation begins, since it posts that to nobody', () => {
  const made = withHooks('claude-code', {}, setup);
  assert.match(JSON.stringify(eventsOf(made, 'SessionStart')), /"command":"\/opt\/sallyport-guard claude-code/);
  assert.match(JSON.stringify(eventsOf(made, 'PreToolUse')), /"type":"http"/);
});

test('managed settings keep others from taking the hooks away', () => {
  const managed = withHooks('claude-code', { permissions: { deny: ['x'] } }, { ...setup, scope: 'managed' });
  assert.equal(managed['allowManagedHooksOnly'], true);
  assert.deepEqual(managed['permissions'], { deny: ['x'], disableBypassPermissionsMode: 'disable' });
  assert.equal(
    settingsFile('claude-code', 'managed', { home: '/h', project: '/p' }),
    '/etc/claude-code/managed-settings.json',
  );
  assert.equal(settingsFile('codex', 'managed', { home: '/h', project: '/p' }), undefined);
});

test('a guard in a folder with any name is one word to a shell', () => {
  fc.assert(
    fc.property(fc.string(), (folder) => {
      const made = JSON.stringify(withHooks('codex', {}, { ...setup, guard: `/opt/${folder}/sallyport-guard` }));
      assert.ok(made.includes('sallyport-guard'));
    }),
  );
  const odd = withHooks('codex', {}, { ...setup, guard: "/opt/it's; rm -rf ~/sallyport-guard" });
  assert.match(JSON.stringify(odd), /'\/opt\/it'\\\\''s; rm -rf ~\/sallyport-guard' codex \|\| exit 2/);
});

test('whatever stands in a file before is taken or left, and never breaks the writing', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...settableHarnesses),
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.jsonValue(),
      (harness, others, hooks) => {
        const before: JsonObject = JSON.parse(JSON.stringify({ ...others, hooks }));
        const made = withHooks(harness, before, setup);
        assert.ok(isJsonObject(made['hooks']));
      },
    ),
  );
});
