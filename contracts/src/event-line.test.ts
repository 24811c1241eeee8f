import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventKind, eventLine, roleChange } from './index.ts';

const textOf = (event: object): string => eventLine(JSON.parse(JSON.stringify(event))).text;

test('a line leads with what happened, then says to what', () => {
  const actor = { process: { file: { path: 'C:\\tools\\setup.exe', name: 'setup.exe' } } };
  const shell = { cmd_line: 'cmd.exe /c x', file: { path: 'C:\\cmd.exe' } };
  const cases: [Record<string, unknown>, string][] = [
    [{ class_uid: 1007, activity_id: 1, process: shell }, 'process started: cmd.exe /c x'],
    [{ class_uid: 1007, activity_id: 2, process: { file: shell.file } }, 'process ended: C:\\cmd.exe'],
    [{ class_uid: 3002, activity_id: 1, user: { name: 'alice' } }, 'signed in: alice'],
    [
      { class_uid: 3002, activity_id: 1, status_id: 2, user: { name: 'alice' }, src_endpoint: { ip: '192.0.2.7' } },
      'sign-in failed: alice from 192.0.2.7',
    ],
    [
      { class_uid: 4001, actor: { process: { name: 'dns.exe' } }, dst_endpoint: { ip: '192.0.2.7', port: 53 } },
      'network connection: dns.exe → 192.0.2.7:53',
    ],
    [{ class_uid: 4003, query: { hostname: 'evil.example' } }, 'name looked up: evil.example'],
    [
      { class_uid: 201_002, activity_id: 2, actor, reg_value: { path: 'HKLM\\Run', name: 'x', data: 'a.exe' } },
      'registry value set: HKLM\\Run\\x = a.exe by setup.exe',
    ],
    [{ class_uid: 1001, activity_id: 4, actor, file: { path: 'C:\\a' } }, 'file deleted: C:\\a by setup.exe'],
    [{ class_uid: 1001, activity_id: 4, message: 'gone' }, 'gone'],
    [{ class_uid: 2004, activity_id: 1, finding_info: { title: 'Found' }, message: 'm' }, 'Found'],
    [{ class_uid: 0, raw_data: '{"Message":"A filter was changed.\\r\\n\\r\\nSubject: x"}' }, 'A filter was changed.'],
    [{ class_uid: 0, raw_data: 'plain text' }, 'plain text'],
    [{ class_uid: 0, raw_data: '{broken' }, '{broken'],
    [{}, ''],
  ];
  for (const [event, text] of cases) assert.equal(textOf(event), text);
});

test('one process that reaches into another is told with both, and with what it may do there', () => {
  const opened = {
    class_uid: 1007,
    activity_id: 3,
    actor: { process: { file: { path: 'C:\\temp\\dump.exe' } } },
    process: { file: { path: 'C:\\Windows\\System32\\lsass.exe' } },
  };
  const line = (mask: unknown): string => textOf({ ...opened, actual_permissions: mask });
  assert.equal(line(0x1410), 'process accessed: dump.exe → lsass.exe, 0x1410: may read its memory');
  assert.equal(line(0x1f_ff_ff), 'process accessed: dump.exe → lsass.exe, 0x1fffff: may do anything');
  assert.equal(line(0x1000), 'process accessed: dump.exe → lsass.exe, 0x1000');
  for (const mask of [-1, 1.5, '0x10', null]) assert.equal(line(mask), 'process accessed: dump.exe → lsass.exe');
});

test('a record of our own says what was changed to what, and one sent in does not pass for it', () => {
  const details = { roles: ['guard'], roles_before: ['analyst', 'viewer'] };
  const record = {
    class_uid: 3005,
    message: 'sent in',
    metadata: { log_name: 'audit', event_code: 'user.roles' },
    unmapped: { sallyport: { target: { type: 'user', id: 'u-1', name: 'Vera' }, details } },
  };
  assert.equal(textOf(record), 'user.roles Vera: analyst, viewer → guard');
  assert.equal(textOf({ ...record, status_id: 2 }), 'user.roles Vera: analyst, viewer → guard, refused');
  assert.equal(textOf({ ...record, raw_data: '{}' }), 'sent in');
  assert.equal(roleChange({ roles: ['guard'] }), 'guard');
  assert.equal(roleChange({ roles: 'guard', roles_before: [1, {}] }), '');
});

test('any event makes a well-formed line of bounded length', () => {
  const names = [
    'class_uid',
    'activity_id',
    'process',
    'actor',
    'file',
    'path',
    'name',
    'metadata',
    'unmapped',
    'user',
  ];
  const { node } = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(1007, 3, 3002, 201_002, 4001, 'audit'),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.dictionary(fc.constantFrom(...names), tie('node')),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), node), (event) => {
      const text = textOf(event);
      assert.ok(text.length <= 240 && text.isWellFormed());
    }),
  );
});

test('a kind has a word, else its number; what was not classified has none', () => {
  assert.deepEqual([1007, 201_004, 999_999, 0].map(eventKind), ['process', 'service', '999999', '']);
});

test('a field of the prototype is no field, and a text of any length is cut to a well-formed one', () => {
  assert.deepEqual(eventLine({ device: { hostname: `${'h'.repeat(99)}🙂` } }).host.isWellFormed(), true);
  assert.equal(eventLine({ message: '🙂'.repeat(1000) }).text.length, 240);
  assert.equal(
    eventLine({ class_uid: 0, raw_data: `{"__proto__":{"Message":"x"}}` }).text,
    `{"__proto__":{"Message":"x"}}`,
  );
});
