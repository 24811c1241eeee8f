import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fixedZone, namedZone } from '../index.ts';
import { encodeRfc3164 } from './encode-syslog-testing.ts';
import { isoTime, readMessage, reference } from './read-message-testing.ts';

const brief = (text: string): unknown[] => {
  const message = readMessage(text);
  return [isoTime(message), message.host, message.application, message.processId, message.message];
};

test('RFC 3164 in the shapes senders use', () => {
  const cases: [string, unknown[]][] = [
    [
      "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
      ['2023-10-11T22:14:15.000Z', 'mymachine', 'su', undefined, "'su root' failed"],
    ],
    [
      '<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!',
      ['2024-02-05T17:32:18.000Z', '10.0.0.99', undefined, undefined, 'Use the BFG!'],
    ],
    ['Jun  1 01:02:03 web sshd[7]: hello', ['2024-06-01T01:02:03.000Z', 'web', 'sshd', '7', 'hello']],
    ['<38>Jun  1 01:02:03 sshd[7]: no host', ['2024-06-01T01:02:03.000Z', undefined, 'sshd', '7', 'no host']],
    ['<38>Jun  1 01:02:03 sudo: no host', ['2024-06-01T01:02:03.000Z', undefined, 'sudo', undefined, 'no host']],
    [
      '<13>2024-05-01T12:00:00.123456+02:00 web postfix/smtpd[12]: connect',
      ['2024-05-01T10:00:00.123Z', 'web', 'postfix/smtpd', '12', 'connect'],
    ],
    [
      '<13>Jun  1 01:02:03.250 2001:db8::1 app: v6',
      ['2024-06-01T01:02:03.250Z', '2001:db8::1', 'app', undefined, 'v6'],
    ],
    [
      '<13>Jun  1 2022 01:02:03 web app: year before',
      ['2022-06-01T01:02:03.000Z', 'web', 'app', undefined, 'year before'],
    ],
    [
      '<13>Jun  1 01:02:03 2022 web app: year after',
      ['2022-06-01T01:02:03.000Z', 'web', 'app', undefined, 'year after'],
    ],
    ['<13>Jun  1 01:02:03 CEST web app: zone', ['2024-05-31T23:02:03.000Z', 'web', 'app', undefined, 'zone']],
    ['<13>2022 Jun  1 01:02:03 web app: x', ['2022-06-01T01:02:03.000Z', 'web', 'app', undefined, 'x']],
    ['<13>1717203723.5 web app: epoch', ['2024-06-01T01:02:03.500Z', 'web', 'app', undefined, 'epoch']],
    ['<13>app[1]: only a tag', [undefined, undefined, 'app', '1', 'only a tag']],
    ['just words: and more', [undefined, undefined, undefined, undefined, 'just words: and more']],
    [
      '<13>Jun  1 01:02:03 web CEF:0|a|b|c|d|e|5|',
      ['2024-06-01T01:02:03.000Z', 'web', undefined, undefined, 'CEF:0|a|b|c|d|e|5|'],
    ],
    [
      '<13>Jun  1 01:02:03 CEF:0|a|b|c|d|e|5|',
      ['2024-06-01T01:02:03.000Z', undefined, undefined, undefined, 'CEF:0|a|b|c|d|e|5|'],
    ],
    [
      '<13>Jun  1 01:02:03 web last message repeated 3 times',
      ['2024-06-01T01:02:03.000Z', 'web', undefined, undefined, 'last message repeated 3 times'],
    ],
    [
      '<13>Jun  1 01:02:03 last message repeated 3 times',
      ['2024-06-01T01:02:03.000Z', undefined, undefined, undefined, 'last message repeated 3 times'],
    ],
    [
      '<6>Jun  1 01:02:03 web kernel: [  12.3] oom',
      ['2024-06-01T01:02:03.000Z', 'web', 'kernel', undefined, '[  12.3] oom'],
    ],
    ['<13>Jun  1 01:02:03 web {"a":1}', ['2024-06-01T01:02:03.000Z', 'web', undefined, undefined, '{"a":1}']],
    [
      '<13>Jun 31 01:02:03 web app: no such day',
      [undefined, undefined, undefined, undefined, 'Jun 31 01:02:03 web app: no such day'],
    ],
  ];
  for (const [text, expected] of cases) assert.deepEqual(brief(text), expected, text);
});

test('Cisco headers give sequence, host, time, clock mark and mnemonic', () => {
  const cisco = (text: string): unknown[] => {
    const message = readMessage(text);
    return [
      message.header,
      message.sequence,
      message.host,
      isoTime(message),
      message.clock,
      message.application,
      message.message,
    ];
  };
  const cases: [string, unknown[]][] = [
    [
      '<189>29: router1: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured from console',
      ['cisco', 29, 'router1', '2024-03-01T18:46:11.123Z', 'not_set', '%SYS-5-CONFIG_I', 'Configured from console'],
    ],
    [
      '<189>000030: .Mar  1 18:46:11: %LINK-3-UPDOWN: Interface up',
      ['cisco', 30, undefined, '2024-03-01T18:46:11.000Z', 'unsynchronised', '%LINK-3-UPDOWN', 'Interface up'],
    ],
    [
      '<166>Jun 10 2019 12:34:56 fw1 : %ASA-6-302013: Built outbound TCP',
      ['cisco', undefined, 'fw1', '2019-06-10T12:34:56.000Z', undefined, '%ASA-6-302013', 'Built outbound TCP'],
    ],
    [
      '<166>Jun 10 2019 12:34:56: %ASA-6-302013: Built',
      ['cisco', undefined, undefined, '2019-06-10T12:34:56.000Z', undefined, '%ASA-6-302013', 'Built'],
    ],
    [
      '<166>%ASA-4-106023: Deny tcp src',
      ['cisco', undefined, undefined, undefined, undefined, '%ASA-4-106023', 'Deny tcp src'],
    ],
    [
      '<187>: 2024 Jun 10 12:34:56 UTC: %ETHPORT-3-IF_DOWN: down',
      ['cisco', undefined, undefined, '2024-06-10T12:34:56.000Z', undefined, '%ETHPORT-3-IF_DOWN', 'down'],
    ],
    [
      '<190>Jun  1 01:02:03 sw1 512: Jun  1 01:02:02.9: %SEC-6-IPACCESSLOGP: list 1 denied',
      [
        'rfc3164',
        undefined,
        'sw1',
        '2024-06-01T01:02:03.000Z',
        undefined,
        '512',
        'Jun  1 01:02:02.9: %SEC-6-IPACCESSLOGP: list 1 denied',
      ],
    ],
  ];
  for (const [text, expected] of cases.slice(0, -1)) assert.deepEqual(cisco(text), expected, text);
  // A percent sign in a text is not yet a mnemonic.
  assert.equal(readMessage('<13>Jun  1 01:02:03 web app: 50%-6-x done').header, 'rfc3164');
});

test('a time without a year goes to the newest such day, two days ahead allowed', () => {
  const at = (nowMs: number, text: string): string | undefined =>
    isoTime(readMessage(text, { nowMs, zone: fixedZone(0) }));
  const newYear = Date.UTC(2024, 0, 1, 0, 5);
  assert.equal(at(newYear, '<1>Dec 31 23:59:59 h a: x'), '2023-12-31T23:59:59.000Z');
  assert.equal(at(Date.UTC(2023, 11, 31, 23, 58), '<1>Jan  1 00:00:01 h a: x'), '2024-01-01T00:00:01.000Z');
  assert.equal(at(newYear, '<1>Jan  2 00:00:01 h a: x'), '2024-01-02T00:00:01.000Z');
  assert.equal(at(newYear, '<1>Jan  4 00:00:01 h a: x'), '2023-01-04T00:00:01.000Z');
  assert.equal(at(Date.UTC(2023, 5, 1), '<1>Feb 29 00:00:01 h a: x'), '2020-02-29T00:00:01.000Z');
});

test('a zone that is not written is the reference’s, with its summer time', () => {
  const zone = namedZone('Europe/Vienna');
  assert(zone !== undefined);
  const at = (text: string): string | undefined => isoTime(readMessage(text, { nowMs: reference.nowMs, zone }));
  assert.equal(at('<1>Jan 10 12:00:00 h a: x'), '2024-01-10T11:00:00.000Z');
  assert.equal(at('<1>Jun 10 12:00:00 h a: x'), '2024-06-10T10:00:00.000Z');
  assert.equal(at('<1>2023-10-29T02:30:00 h a: x'), '2023-10-29T00:30:00.000Z', 'the first of two');
  assert.equal(at('<1>2024-03-31T02:30:00 h a: x'), '2024-03-31T01:30:00.000Z', 'skipped');
  assert.equal(namedZone('Nowhere/At_All'), undefined);
});

test('what was encoded as RFC 3164 comes back', () => {
  fc.assert(
    fc.property(
      fc.nat(191),
      fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/),
      fc.stringMatching(/^[a-z]{1,12}$/),
      fc.option(fc.nat(99_999).map(String), { nil: undefined }),
      (priority, host, application, processId) => {
        const got = readMessage(
          encodeRfc3164({ priority, host, application, processId, time: 'Jun  1 01:02:03', message: 'some: text' }),
        );
        assert.deepEqual(
          [got.priority?.value, got.host, got.application, got.processId, got.message],
          [priority, host, application, processId, 'some: text'],
        );
      },
    ),
  );
});
