import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { from, peer, readFact } from './read-fact-testing.ts';

test('sign-ins over SSH: failed, accepted with key and certificate, unknown user', () => {
  assert.deepEqual(readFact('sshd', `Failed password for root ${from} ssh2`), {
    kind: 'ssh_failed',
    method: 'password',
    user: 'root',
    knownUser: true,
    peer,
    ambiguous: false,
  });
  assert.deepEqual(readFact('sshd-session', `Failed password for invalid user admin ${from} ssh2`), {
    kind: 'ssh_failed',
    method: 'password',
    user: 'admin',
    knownUser: false,
    peer,
    ambiguous: false,
  });
  assert.deepEqual(readFact('sshd', `Failed none for invalid user  ${from} ssh2`)?.['user'], '');
  assert.deepEqual(readFact('sshd', `Accepted publickey for alice ${from} ssh2: ED25519 SHA256:abc`), {
    kind: 'ssh_accepted',
    method: 'publickey',
    user: 'alice',
    peer,
    key: { type: 'ED25519', fingerprint: 'SHA256:abc', certificate: undefined },
    ambiguous: false,
  });
  assert.deepEqual(
    readFact(
      'sshd',
      `Accepted publickey for alice ${from} ssh2: ED25519-CERT SHA256:abc ID alice@corp (serial 5) CA ED25519 SHA256:def`,
    )?.['key'],
    { type: 'ED25519-CERT', fingerprint: 'SHA256:abc', certificate: 'alice@corp (serial 5) CA ED25519 SHA256:def' },
  );
  assert.equal(
    readFact('sshd', `Accepted keyboard-interactive/pam for bob ${from} ssh2`)?.['method'],
    'keyboard-interactive/pam',
  );
  assert.deepEqual(readFact('sshd', `Invalid user oracle ${from}`), {
    kind: 'ssh_invalid_user',
    user: 'oracle',
    peer,
    ambiguous: false,
  });
  assert.deepEqual(readFact('sshd', 'Invalid user oracle from 192.0.2.7')?.['peer'], {
    address: '192.0.2.7',
    port: undefined,
  });
  assert.deepEqual(readFact('sshd', 'User eve from 192.0.2.7 not allowed because not listed in AllowUsers'), {
    kind: 'ssh_not_allowed',
    user: 'eve',
    address: '192.0.2.7',
    reason: 'not listed in AllowUsers',
  });
});

test('SSH connections: closed, reset, disconnected, too many attempts, no banner, listening', () => {
  assert.deepEqual(readFact('sshd', 'Connection closed by authenticating user root 192.0.2.7 port 50022 [preauth]'), {
    kind: 'ssh_disconnected',
    user: 'root',
    knownUser: true,
    peer,
    beforeSignIn: true,
    by: 'peer',
  });
  assert.equal(readFact('sshd', 'Connection reset by 192.0.2.7 port 50022')?.['user'], undefined);
  assert.deepEqual(
    readFact('sshd', 'Disconnected from invalid user a b 192.0.2.7 port 50022 [preauth]')?.['user'],
    'a b',
  );
  assert.equal(
    readFact(
      'sshd',
      'Disconnecting authenticating user root 192.0.2.7 port 50022: Too many authentication failures [preauth]',
    )?.['by'],
    'server',
  );
  assert.deepEqual(
    readFact('sshd', 'Received disconnect from 192.0.2.7 port 50022:11: Bye Bye [preauth]')?.['peer'],
    peer,
  );
  assert.deepEqual(
    readFact('sshd', `error: maximum authentication attempts exceeded for invalid user x ${from} ssh2 [preauth]`),
    { kind: 'ssh_too_many_attempts', user: 'x', knownUser: false, peer },
  );
  assert.equal(
    readFact('sshd', 'Did not receive identification string from 192.0.2.7 port 50022')?.['kind'],
    'ssh_bad_banner',
  );
  assert.equal(
    readFact('sshd', 'banner exchange: Connection from 192.0.2.7 port 50022: invalid format')?.['kind'],
    'ssh_bad_banner',
  );
  assert.equal(
    readFact('sshd', 'Connection from 192.0.2.7 port 50022 on 10.0.0.1 port 22 rdomain ""')?.['kind'],
    'ssh_connection',
  );
  assert.deepEqual(readFact('sshd', 'Server listening on :: port 22.'), {
    kind: 'ssh_listening',
    address: '::',
    port: 22,
  });
});

test('a user name that imitates a line neither hides where it came from nor passes unmarked', () => {
  const forged = readFact('sshd', `Failed password for invalid user x from 203.0.113.9 port 1 ssh2 ${from} ssh2`);
  assert.deepEqual([forged?.['peer'], forged?.['ambiguous']], [peer, true]);
  const certificate = readFact(
    'sshd',
    `Failed publickey for root ${from} ssh2: ED25519-CERT SHA256:a ID z from 203.0.113.9 port 1 ssh2 (serial 0) CA x`,
  );
  assert.deepEqual([certificate?.['peer'], certificate?.['ambiguous']], [peer, true]);
  const sudo = readFact(
    'sudo',
    'eve : TTY=pts/0 ; PWD=/tmp/ ; USER=bob ; COMMAND=/bin/true ; USER=root ; COMMAND=/bin/sh',
  );
  assert.equal(sudo?.['ambiguous'], true);
  assert.equal(
    readFact('sshd', 'Invalid user a from 203.0.113.9 port 5 from 192.0.2.7 port 50022')?.['ambiguous'],
    true,
  );
});

test('a program may not speak for another', () => {
  assert.equal(readFact('nginx', `Accepted password for root ${from} ssh2`), undefined);
  assert.equal(readFact('sshd', 'alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh'), undefined);
});

test('whatever an unknown user calls himself, the address of a failed password is the last one written', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom(' from 1.1.1.1 port 1 ssh2', 'x from ', ' port 9 ssh2 from a'),
      ),
      (user) => {
        const found = readFact('sshd', `Failed password for invalid user ${user} ${from} ssh2`);
        assert.deepEqual([found?.['kind'], found?.['peer'], found?.['user']], ['ssh_failed', peer, user]);
      },
    ),
  );
});
