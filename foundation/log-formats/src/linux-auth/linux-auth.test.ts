import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseLinuxAuth } from './index.ts';
import { from, readFact } from './read-fact-testing.ts';

test('PAM sessions and failures', () => {
  assert.deepEqual(readFact('sshd', 'pam_unix(sshd:session): session opened for user root(uid=0) by alice(uid=1000)'), {
    kind: 'session_opened',
    service: 'sshd',
    user: 'root',
    userId: 0,
    by: 'alice',
    byUserId: 1000,
  });
  assert.deepEqual(readFact('CRON', 'pam_unix(cron:session): session opened for user root by (uid=0)'), {
    kind: 'session_opened',
    service: 'cron',
    user: 'root',
    userId: undefined,
    by: undefined,
    byUserId: 0,
  });
  assert.deepEqual(readFact('CRON', 'pam_unix(cron:session): session closed for user root'), {
    kind: 'session_closed',
    service: 'cron',
    user: 'root',
  });
  assert.deepEqual(
    readFact(
      'sshd',
      'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=root',
    ),
    {
      kind: 'pam_failure',
      service: 'sshd',
      user: 'root',
      remoteUser: undefined,
      remoteHost: '192.0.2.7',
      terminal: 'ssh',
      attempts: 1,
    },
  );
  assert.equal(
    readFact(
      'sshd',
      'PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=root',
    )?.['attempts'],
    2,
  );
  assert.equal(
    readFact(
      'sshd',
      'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=x rhost=203.0.113.9',
    )?.['remoteHost'],
    '192.0.2.7',
  );
  assert.equal(readFact('sshd', 'pam_unix(sshd:auth): check pass; user unknown')?.['kind'], 'pam_unknown_user');
  assert.equal(
    readFact('sshd', 'pam_faillock(sshd:auth): Consecutive login failures for user bob account temporarily locked')?.[
      'user'
    ],
    'bob',
  );
});

test('sudo and su', () => {
  const request = {
    terminal: 'pts/0',
    directory: '/home/alice',
    targetUser: 'root',
    targetGroup: undefined,
    command: '/usr/bin/sh -c a ; b',
  };
  assert.deepEqual(
    readFact('sudo', '   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/sh -c a ; b'),
    {
      kind: 'sudo_command',
      user: 'alice',
      request,
      ambiguous: false,
    },
  );
  const refused = readFact('sudo', 'eve : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id');
  assert.deepEqual([refused?.['kind'], refused?.['reason']], ['sudo_refused', 'user NOT in sudoers']);
  assert.equal(
    readFact('sudo', 'eve : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id')?.[
      'attempts'
    ],
    3,
  );
  const su = (message: string): unknown[] => {
    const found = readFact('su', message);
    return [found?.['user'], found?.['targetUser'], found?.['succeeded'], found?.['terminal']];
  };
  assert.deepEqual(su('(to root) alice on pts/1'), ['alice', 'root', true, 'pts/1']);
  assert.deepEqual(su('FAILED SU (to root) alice on pts/1'), ['alice', 'root', false, 'pts/1']);
  assert.deepEqual(su('+ /dev/pts/0 alice:root'), ['alice', 'root', true, '/dev/pts/0']);
  assert.deepEqual(su('FAILED su for root by alice'), ['alice', 'root', false, undefined]);
  assert.deepEqual(su('BAD SU alice to root on /dev/ttyp0'), ['alice', 'root', false, '/dev/ttyp0']);
  assert.deepEqual(su("'su root' failed for lonvick on /dev/pts/8"), ['lonvick', 'root', false, '/dev/pts/8']);
});

test('accounts, logins and seats', () => {
  assert.deepEqual(
    readFact('useradd', 'new user: name=eve, UID=1001, GID=1002, home=/home/eve, shell=/bin/bash, from=/dev/pts/0'),
    { kind: 'user_added', user: 'eve', userId: 1001, groupId: 1002, home: '/home/eve', shell: '/bin/bash' },
  );
  assert.deepEqual(readFact('usermod', "add 'eve' to group 'sudo'"), {
    kind: 'group_member_added',
    user: 'eve',
    group: 'sudo',
  });
  assert.deepEqual(readFact('gpasswd', 'user eve added by root to group sudo'), {
    kind: 'group_member_added',
    user: 'eve',
    group: 'sudo',
  });
  assert.deepEqual(readFact('userdel', "delete user 'eve'"), { kind: 'user_deleted', user: 'eve' });
  assert.deepEqual(readFact('groupadd', 'new group: name=ops, GID=1002'), {
    kind: 'group_added',
    group: 'ops',
    groupId: 1002,
  });
  assert.deepEqual(readFact('passwd', "password for 'eve' changed by 'root'"), {
    kind: 'password_changed',
    user: 'eve',
    by: 'root',
  });
  assert.deepEqual(readFact('login', 'ROOT LOGIN ON tty1'), {
    kind: 'login',
    user: 'root',
    terminal: 'tty1',
    succeeded: true,
    remoteHost: undefined,
  });
  assert.deepEqual(readFact('login', "FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure"), {
    kind: 'login',
    user: 'root',
    terminal: '/dev/tty1',
    succeeded: false,
    remoteHost: undefined,
  });
  assert.deepEqual(readFact('systemd-logind', 'New session 5 of user root.'), {
    kind: 'seat_session_new',
    session: '5',
    user: 'root',
  });
  assert.deepEqual(
    readFact('systemd-logind', "New session 'c1' of user 'gdm' with class 'greeter' and type 'wayland'."),
    {
      kind: 'seat_session_new',
      session: 'c1',
      user: 'gdm',
    },
  );
  assert.deepEqual(readFact('systemd-logind', 'Removed session 5.'), { kind: 'seat_session_removed', session: '5' });
});

test('repetitions folded into one line are counted', () => {
  const parsed = parseLinuxAuth('sshd', `message repeated 4 times: [ Failed password for root ${from} ssh2]`);
  assert(parsed.ok);
  assert.deepEqual([parsed.value.times, parsed.value.fact.kind], [4, 'ssh_failed']);
});

test('any message gets an answer', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'Failed password for ',
      'Accepted x for ',
      ' from ',
      '1.2.3.4',
      ' port ',
      '22',
      ' ssh2',
      ' : ',
      'COMMAND=',
      ' ; ',
      'USER=',
      'pam_unix(',
      'a:b): ',
      'session opened for user ',
      ' by ',
      '(uid=',
      '(to ',
      ') ',
      ' on ',
      "'",
      'New session ',
      ' of user ',
      'new user: ',
      'message repeated 2 times: [',
      ']',
      "' FOR '",
      'FAILED LOGIN ',
    ),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom('sshd', 'sudo', 'su', 'useradd', 'login', 'systemd-logind', 'passwd'),
      fc.array(piece, { maxLength: 12 }),
      (application, pieces) => {
        assert.equal(typeof parseLinuxAuth(application, pieces.join('')).ok, 'boolean');
      },
    ),
    { numRuns: 2000 },
  );
});

test('a message made of places to look at again and again is read once', () => {
  assert.equal(parseLinuxAuth('sshd', `Failed password for ${' from 1.1.1.1 port 1'.repeat(3000)}`).ok, false);
  assert.equal(parseLinuxAuth('sudo', `a : ${' ; '.repeat(20_000)}`).ok, false);
  assert.equal(parseLinuxAuth('sshd', 'x'.repeat(65_537)).ok, false);
});
