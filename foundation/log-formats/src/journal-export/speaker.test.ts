import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { journalSpeaker, parseJournalJson } from './index.ts';
import type { JournalSpeaker } from './index.ts';

function speakerOf(fields: Readonly<Record<string, string>>): JournalSpeaker | undefined {
  const parsed = parseJournalJson(
    JSON.stringify({ __CURSOR: 's=1', __REALTIME_TIMESTAMP: '1700000000000000', ...fields }),
  );
  return parsed.ok ? journalSpeaker(parsed.value) : assert.fail(parsed.message);
}

const signIn = 'Accepted password for root from 192.0.2.7 port 4022 ssh2';

test('programs of the system are believed, whoever started them', () => {
  for (const fields of [
    { SYSLOG_IDENTIFIER: 'sshd', _UID: '0', _COMM: 'sshd', _EXE: '/usr/sbin/sshd' },
    { SYSLOG_IDENTIFIER: 'sshd-session', _UID: '0' },
    { SYSLOG_IDENTIFIER: 'sudo', _UID: '1000', _COMM: 'sudo', _EXE: '/usr/bin/sudo' },
    { SYSLOG_IDENTIFIER: 'su', _UID: '1000' },
    { SYSLOG_IDENTIFIER: 'su-l', _UID: '1000', _EXE: '/bin/su' },
    { SYSLOG_IDENTIFIER: 'polkitd', _UID: '997', _EXE: '/usr/lib/polkit-1/polkitd' },
    // Sent from elsewhere: nobody vouches for anything.
    { SYSLOG_IDENTIFIER: 'sshd', MESSAGE: signIn },
    // A name whose words weigh nothing is anybody's.
    { SYSLOG_IDENTIFIER: 'backup-script', _UID: '1000', _COMM: 'logger', _EXE: '/usr/bin/logger' },
  ])
    assert.deepEqual(speakerOf(fields), { program: fields.SYSLOG_IDENTIFIER });
  assert.deepEqual(speakerOf({ _COMM: 'cron' }), { program: 'cron' });
  assert.equal(speakerOf({ MESSAGE: 'x' }), undefined);
});

test('another user who writes under such a name is called what the kernel calls the process', () => {
  const user = { _UID: '1000', MESSAGE: signIn };
  for (const [fields, program] of [
    [{ SYSLOG_IDENTIFIER: 'sshd', _COMM: 'logger', _EXE: '/usr/bin/logger' }, 'logger'],
    // A process may name itself, and may be a copy of its own making.
    [{ SYSLOG_IDENTIFIER: 'sshd', _COMM: 'sshd', _EXE: '/home/eve/sshd' }, 'unknown'],
    [{ SYSLOG_IDENTIFIER: 'sudo', _COMM: 'sudo', _EXE: '/tmp/usr/bin/sudo' }, 'unknown'],
    [{ SYSLOG_IDENTIFIER: '/usr/sbin/sshd', _COMM: 'python3', _EXE: '/usr/bin/python3.11' }, 'python3'],
    // Gone before the journal looked.
    [{ SYSLOG_IDENTIFIER: 'sshd' }, 'unknown'],
    [{ SYSLOG_IDENTIFIER: 'sudo', _COMM: 'logger' }, 'logger'],
    [
      { SYSLOG_IDENTIFIER: 'x', _COMM: 'logger', MESSAGE: 'pam_unix(sshd:session): session opened for user root' },
      'logger',
    ],
  ] as const)
    assert.deepEqual(speakerOf({ ...user, ...fields }), { program, claimed: fields.SYSLOG_IDENTIFIER });
});

test('without root or a program of the system, nothing is ever said in the name of sshd', () => {
  const text = fc.string({ maxLength: 20 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 65_534 }), text, fc.option(text, { nil: undefined }), (uid, comm, exe) => {
      fc.pre(exe === undefined || !exe.startsWith('/'));
      const speaker = speakerOf({
        SYSLOG_IDENTIFIER: 'sshd',
        _UID: String(uid),
        _COMM: comm,
        ...(exe === undefined ? {} : { _EXE: exe }),
      });
      assert.equal(speaker?.claimed, 'sshd');
      assert.notEqual(speaker?.program, 'sshd');
    }),
  );
});
