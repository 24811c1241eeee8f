import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAuditAssembler, execveArguments, parseAudit } from './index.ts';
import type { AuditRecord } from './index.ts';

function read(text: string): AuditRecord {
  const parsed = parseAudit(text);
  assert(parsed.ok, parsed.ok ? '' : parsed.message);
  return parsed.value;
}

test('a system call record: time, serial, quoted and bare fields, what an enriched log adds', () => {
  const record = read(
    'type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e syscall=2 success=no exit=-13 a0=7fffd19c5592 ppid=2686 auid=500 tty=pts0 comm="cat file" exe="/bin/cat" key="sshd_config"\u001dARCH=x86_64 SYSCALL=open AUID="alice"',
  );
  assert.deepEqual(
    [record.type, record.unixMs, record.serial, record.node],
    ['SYSCALL', 1_364_481_363_243, 24_287, undefined],
  );
  assert.deepEqual(
    [record.fields.get('comm'), record.fields.get('a0'), record.fields.get('exit'), record.interpreted.get('AUID')],
    ['cat file', '7fffd19c5592', '-13', 'alice'],
  );
});

test('hexadecimal texts are decoded where the kernel writes such, and nowhere else', () => {
  const hex = Buffer.from('/bin/sh\0-c\0id').toString('hex').toUpperCase();
  assert.equal(read(`type=PROCTITLE msg=audit(1.000:1): proctitle=${hex}`).fields.get('proctitle'), '/bin/sh -c id');
  assert.equal(read('type=SYSCALL msg=audit(1.000:1): a1=6964 comm=6964').fields.get('a1'), '6964');
  assert.deepEqual(
    execveArguments(read('type=EXECVE msg=audit(1.000:1): argc=3 a0="sh" a1=2D63 a2_len=6 a2[0]="ec" a2[1]="ho"')),
    ['sh', '-c', 'echo'],
  );
  assert.equal(read('type=SYSCALL msg=audit(1.000:1): key=(null) comm=xyz').fields.get('comm'), 'xyz');
});

test('messages of user space open into their own fields', () => {
  const record = read(
    `node=web type=USER_AUTH msg=audit(1364475353.159:24270): user pid=3280 uid=500 auid=500 ses=1 msg='op=PAM:authentication acct="root" exe="/bin/su" hostname=? addr=? terminal=pts/0 res=failed'`,
  );
  assert.deepEqual(
    [record.node, record.words, record.fields.get('pid'), record.message.get('acct'), record.message.get('res')],
    ['web', 'user', '3280', 'root', 'failed'],
  );
  assert.equal(
    read(
      `type=USER_CMD msg=audit(1.0:1): msg='cwd="/" cmd=${Buffer.from("echo 'a'").toString('hex')} res=success'`,
    ).message.get('cmd'),
    "echo 'a'",
  );
});

test('access vectors and lines of the kernel', () => {
  const record = read(
    'type=AVC msg=audit(1226874073.147:96): avc:  denied  { getattr } for  pid=2465 comm="httpd" path="/var/www/a b" tclass=file',
  );
  assert.deepEqual(
    [record.words, record.fields.get('path'), record.fields.get('tclass')],
    ['avc: denied { getattr } for', '/var/www/a b', 'file'],
  );
  assert.equal(
    read('audit: type=1400 audit(1364481363.243:24287): apparmor="DENIED" operation="open"').fields.get('apparmor'),
    'DENIED',
  );
});

test('what is no record is refused; fields and length are bounded', () => {
  const code = (text: string): string => {
    const parsed = parseAudit(text);
    return parsed.ok ? 'ok' : parsed.code;
  };
  assert.equal(code('type=X msg=audit(1.0): a=b'), 'audit_header');
  assert.equal(code('hello'), 'audit_header');
  assert.equal(code(`type=X msg=audit(1.0:1): ${'a=b '.repeat(3000)}`), 'audit_too_many_fields');
  assert.equal(code('x'.repeat(300_000)), 'audit_too_long');
});

const record = (serial: number, type: string): AuditRecord => read(`type=${type} msg=audit(1.0:${serial}): a=b`);

test('records of one serial become one event, interleaved ones too', () => {
  const assembler = createAuditAssembler();
  const events = [
    record(1, 'SYSCALL'),
    record(2, 'SYSCALL'),
    record(1, 'EXECVE'),
    record(2, 'PATH'),
    record(1, 'PROCTITLE'),
    record(1, 'EOE'),
    record(2, 'EOE'),
    record(3, 'USER_LOGIN'),
  ].flatMap((entry) => assembler.add(entry));
  assert.deepEqual(
    events.map((event) => [event.serial, event.complete, event.records.map((entry) => entry.type)]),
    [
      [1, true, ['SYSCALL', 'EXECVE', 'PROCTITLE', 'EOE']],
      [2, true, ['SYSCALL', 'PATH', 'EOE']],
      [3, true, ['USER_LOGIN']],
    ],
  );
  assert.equal(assembler.waiting(), 0);
});

test('events come in the order in which they began, and PROCTITLE ends one without EOE', () => {
  const assembler = createAuditAssembler();
  const given = (serial: number, type: string): number[] =>
    assembler.add(record(serial, type)).map((event) => event.serial);
  assert.deepEqual(given(1, 'SYSCALL'), []);
  assert.deepEqual(given(2, 'USER_AUTH'), [], 'waits for the one before it');
  assert.deepEqual(given(1, 'PROCTITLE'), []);
  assert.deepEqual(given(3, 'SYSCALL'), [1, 2]);
  assert.deepEqual(given(4, 'USER_AUTH'), []);
  assert.deepEqual(
    assembler.giveUpOldest().map(({ serial, complete }) => [serial, complete]),
    [
      [3, false],
      [4, true],
    ],
  );
});

test('a flood of events that never end neither grows nor loses a record', () => {
  const assembler = createAuditAssembler({ maxWaitingEvents: 4, maxRecordsPerEvent: 2 });
  const events = Array.from({ length: 100 }, (_, serial) => assembler.add(record(serial, 'SYSCALL'))).flat();
  assert.deepEqual([events.length, assembler.waiting(), events.every((event) => !event.complete)], [96, 4, true]);
  for (let count = 0; count < 5; count += 1) assembler.add(record(99, 'PATH'));
  const rest = assembler.flush();
  assert.deepEqual(
    [rest.map((event) => event.serial), rest.at(-1)?.records.length, rest.at(-1)?.droppedRecords],
    [[96, 97, 98, 99], 2, 4],
  );
});

test('any record is in exactly one event; any text gets an answer', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(6), fc.constantFrom('SYSCALL', 'PATH', 'PROCTITLE', 'EOE', 'USER_AUTH', 'LOGIN'))),
      (sent) => {
        const assembler = createAuditAssembler({ maxWaitingEvents: 2, maxRecordsPerEvent: 500 });
        const events = [...sent.flatMap(([serial, type]) => assembler.add(record(serial, type))), ...assembler.flush()];
        assert.equal(
          events.reduce((sum, event) => sum + event.records.length, 0),
          sent.length,
        );
      },
    ),
  );
  const piece = fc.oneof(
    fc.constantFrom(
      'type=X msg=audit(1.0:1): ',
      'a=',
      '"',
      "'",
      ' ',
      "msg='",
      '\u001d',
      'comm=',
      '6162',
      '=',
      '{',
      ',',
    ),
    fc.string({ maxLength: 3 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 20 }),
      (pieces) => typeof parseAudit(`type=Y msg=audit(2.0:2): ${pieces.join('')}`).ok === 'boolean',
    ),
    { numRuns: 1000 },
  );
});
