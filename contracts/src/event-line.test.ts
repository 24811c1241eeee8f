import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventKind, eventLine } from './index.ts';

test('a line says what the event is about, in the words of its kind', () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ class_uid: 1007, process: { cmd_line: 'cmd.exe /c x', file: { path: 'C:\\cmd.exe' } } }, 'cmd.exe /c x'],
    [{ class_uid: 3002, user: { name: 'alice' }, src_endpoint: { ip: '192.0.2.7' } }, 'alice from 192.0.2.7'],
    [{ class_uid: 3002, user: { name: 'alice' } }, 'alice'],
    [
      {
        class_uid: 4001,
        actor: { process: { name: 'dns.exe' } },
        dst_endpoint: { ip: '192.0.2.7', port: 53 },
      },
      'dns.exe → 192.0.2.7:53',
    ],
    [{ class_uid: 4003, query: { hostname: 'evil.example' } }, 'evil.example'],
    [{ class_uid: 201_002, reg_value: { path: 'HKLM\\Run' } }, 'HKLM\\Run'],
    [{ class_uid: 0, raw_data: '{"Message":"A filter was changed.\\r\\n\\r\\nSubject: x"}' }, 'A filter was changed.'],
    [{ class_uid: 0, raw_data: 'plain text' }, 'plain text'],
    [{ class_uid: 0, raw_data: '{broken' }, '{broken'],
    [{}, ''],
  ];
  for (const [event, text] of cases) assert.equal(eventLine(JSON.parse(JSON.stringify(event))).text, text);
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
