import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { recognise } from './index.ts';
import { encodeUtmp } from './wtmp/encode-utmp-testing.ts';

test('each format is told from its first line or bytes', () => {
  const cases: readonly (readonly [string | Uint8Array, string])[] = [
    ['<34>1 2003-10-11T22:14:15.003Z host su - ID47 - text', 'syslog_rfc5424'],
    ['57 <34>1 2003-10-11T22:14:15.003Z host su - ID47 - text', 'syslog_rfc5424'],
    ['<34>Oct 11 22:14:15 host su: text', 'syslog_rfc3164'],
    ['Oct 11 22:14:15 host su: text', 'syslog_rfc3164'],
    ['<13>Oct 11 22:14:15 host CEF:0|a|b|c|d|e|5|', 'cef'],
    ['LEEF:2.0|a|b|c|d|^|', 'leef'],
    ['{"resourceLogs":[]}', 'otlp_json'],
    [Buffer.from('0a0512030a0101', 'hex'), 'otlp_protobuf'],
    ['{"time":1,"event":"x","sourcetype":"y"}', 'splunk_hec'],
    ['__CURSOR=s=1\nMESSAGE=x\n', 'journal_export'],
    ['{"__CURSOR":"x","MESSAGE":"y"}', 'journal_json'],
    ['type=SYSCALL msg=audit(1.000:1): a=b', 'auditd'],
    ['#separator \\x09\n#fields\ta', 'zeek_tsv'],
    ['{"ts":1,"uid":"C","id.orig_h":"1.1.1.1"}', 'zeek_json'],
    ['{"timestamp":"2017-04-07T22:24:37.251547+0100","event_type":"dns"}', 'suricata_eve'],
    ['{"kind":"Event","apiVersion":"audit.k8s.io/v1"}', 'kubernetes_audit'],
    ['{"Records":[{"eventVersion":"1.08","eventSource":"iam","eventName":"x"}]}', 'cloudtrail'],
    [
      '{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"x","s3":{"bucket":{}}}]}',
      's3_notification',
    ],
    ['127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326', 'web_access'],
    [
      encodeUtmp(
        { type: 7, processId: 1, line: 'pts/0', id: '', user: 'a', host: '', unixMs: 1e12, address: [] },
        '384',
      ),
      'utmp',
    ],
    ["<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>", 'windows_event_xml'],
    [Buffer.from('ElfFile\0abc'), 'windows_evtx'],
    [Buffer.from('1f8b08', 'hex'), 'gzip'],
    ['{"a":1}', 'json'],
    ['words', 'text'],
  ];
  for (const [given, format] of cases) {
    const found = recognise(given);
    assert.equal(found.format, format, `${String(given)}: ${found.because}`);
    assert(found.because.length > 10);
  }
});

test('anything gets an answer, and what is behind the first 4,096 bytes does not matter', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array()), (given) => {
      assert.equal(typeof recognise(given).format, 'string');
    }),
  );
  const start = 'x'.repeat(4096);
  assert.deepEqual(recognise(`${start} CEF:0|`), recognise(start));
});
