import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeRfc5424 } from './encode-syslog-testing.ts';
import { parseRfc5424, parseSyslog, syslogText } from './index.ts';
import { isoTime, readMessage, reference } from './read-message-testing.ts';

test('the examples of RFC 5424 are read as the RFC explains them', () => {
  const first = readMessage(
    "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick on /dev/pts/8",
  );
  assert.deepEqual(
    [first.header, first.priority?.facilityName, first.priority?.severityName],
    ['rfc5424', 'auth', 'crit'],
  );
  assert.deepEqual(
    [isoTime(first), first.host, first.application, first.processId, first.messageId],
    ['2003-10-11T22:14:15.003Z', 'mymachine.example.com', 'su', undefined, 'ID47'],
  );
  assert.equal(first.message, "'su root' failed for lonvick on /dev/pts/8");
  const second = readMessage(
    "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
  );
  assert.deepEqual(
    [isoTime(second), second.time?.text, second.processId],
    ['2003-08-24T12:14:15.000Z', '2003-08-24T05:14:15.000003-07:00', '8710'],
  );
  const third = readMessage(
    '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"] An application event log entry...',
  );
  assert.deepEqual(third.structuredData, [
    {
      id: 'exampleSDID@32473',
      parameters: [
        ['iut', '3'],
        ['eventSource', 'Application'],
        ['eventID', '1011'],
      ],
    },
  ]);
  const fourth = readMessage(
    '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3"][examplePriority@32473 class="high"]',
  );
  assert.deepEqual([fourth.structuredData.length, fourth.message], [2, '']);
});

test('escapes in structured data are undone, other backslashes stay', () => {
  const { structuredData } = readMessage(String.raw`<1>1 - - - - - [a b="\"\\\]\n" b="["] x`);
  assert.deepEqual(structuredData, [
    {
      id: 'a',
      parameters: [
        ['b', String.raw`"\]\n`],
        ['b', '['],
      ],
    },
  ]);
});

test('what is not RFC 5424 though it says so is refused with its place', () => {
  const code = (text: string): unknown => {
    const parsed = parseRfc5424(text);
    return parsed.ok ? 'ok' : [parsed.code, parsed.at];
  };
  assert.deepEqual(code('<192>1 - - - - - -'), ['syslog_header', 0]);
  assert.deepEqual(code('<1>2 - - - - - -'), ['syslog_version', 3]);
  assert.deepEqual(code('<1>1 2003-13-11T22:14:15Z - - - - -'), ['syslog_time', 5]);
  assert.deepEqual(code('<1>1 2003-10-11T22:14:15 - - - - -'), ['syslog_time', 5]);
  assert.deepEqual(code('<1>1 - - - - - [a b="c]'), ['syslog_structured_data', 20]);
  assert.deepEqual(code('<1>1 - - - - - [a]x'), ['syslog_structured_data', 18]);
  assert.deepEqual(code('<1>1 - - -'), ['syslog_header', 9]);
  assert.deepEqual(code(`<1>1 - - - - - ${'[a]'.repeat(2000)}`), ['syslog_too_many_elements', 15 + 3 * 1024 + 2]);
  assert.deepEqual(code('x'.repeat(1_048_577)), ['syslog_too_long', 1_048_576]);
});

test('an object behind @cee: is read, what is not JSON is left in the text', () => {
  assert.deepEqual(readMessage('<13>Jun  1 01:02:03 web app: @cee: {"event":{"id":"x"}}').cee, { event: { id: 'x' } });
  assert.equal(readMessage('<13>Jun  1 01:02:03 web app: @cee: {"event":').cee, undefined);
  assert.equal(readMessage(`<13>1 - h a - - - @cee:${'['.repeat(200_000)}`).cee, undefined);
});

test('bytes become text: UTF-8, UTF-16 with its mark, else windows-1252; trailers go', () => {
  assert.deepEqual(syslogText(Buffer.from('<1>ü\r\n\0')), { text: '<1>ü', encoding: 'utf-8' });
  assert.deepEqual(syslogText(Buffer.from('fffe3c00fc00', 'hex')), { text: '<ü', encoding: 'utf-16le' });
  assert.deepEqual(syslogText(Buffer.from('<1>caf\u00e9', 'latin1')), { text: '<1>café', encoding: 'windows-1252' });
});

const name = fc.stringMatching(/^[!#-<>-Z^-~]{1,30}$/);
const header = fc.option(fc.stringMatching(/^[!-,./-~][!-~]{0,31}$/), { nil: undefined });

test('what was encoded as RFC 5424 comes back, field by field', () => {
  fc.assert(
    fc.property(
      fc.record({
        priority: fc.nat(191),
        time: fc.option(
          fc
            .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
            .map((date) => date.toISOString()),
          { nil: undefined },
        ),
        host: header,
        application: header,
        processId: header,
        messageId: header,
        structuredData: fc.array(
          fc.record(
            { id: name, parameters: fc.array(fc.tuple(name, fc.string({ unit: 'binary' })), { maxLength: 4 }) },
            { noNullPrototype: true },
          ),
          { maxLength: 3 },
        ),
        message: fc.string({ unit: 'binary' }).filter((text) => !text.startsWith('\ufeff')),
      }),
      (sent) => {
        const got = readMessage(encodeRfc5424(sent));
        assert.deepEqual(
          [
            got.priority?.value,
            isoTime(got),
            got.host,
            got.application,
            got.processId,
            got.messageId,
            got.structuredData,
            got.message,
          ],
          [
            sent.priority,
            sent.time,
            sent.host,
            sent.application,
            sent.processId,
            sent.messageId,
            sent.structuredData,
            sent.message,
          ],
        );
      },
    ),
    { numRuns: 500 },
  );
});

test('any text gets an answer that quotes its own message, and a refusal names a place inside', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '<13>',
      '1 ',
      '- ',
      '2024-01-02T03:04:05Z ',
      'Oct 11 22:14:15 ',
      'host ',
      'app[1]: ',
      '[a b="',
      '"]',
      '\\',
      '%ASA-6-1: ',
      '*',
      '.',
      ': ',
      '12: ',
      ' ',
      '2024 ',
      'CEST ',
      '@cee: {',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join('')),
      (text) => {
        const parsed = parseSyslog(text, reference);
        if (parsed.ok) assert.equal(text.slice(parsed.value.messageAt), parsed.value.message);
        else assert(parsed.at >= 0 && parsed.at <= text.length, `${parsed.at}`);
      },
    ),
    { numRuns: 3000 },
  );
});
