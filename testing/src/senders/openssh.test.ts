// An OpenSSH server from Debian on loopback, its log through rsyslog's recipe: failed and successful sign-ins become alerts.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { runCommand } from '../command-line.ts';
import type { CommandResult } from '../command-line.ts';
import { debianProgram, missingPrograms } from '../debian-programs.ts';
import { freePort } from '../free-port.ts';
import { eventually } from '../waiting.ts';
import { shellEnvironment, startSenderHouse, valueAt } from './sender-house.ts';
import { startProcess } from './sender-process.ts';
import { createRsyslog } from './syslog-daemon.ts';

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? missingPrograms('rsyslogd', 'sshd', 'ssh') : 'needs root, for accounts that only this sshd sees';
const wanted = ['Repeated Failed SSH Sign-Ins From One Address', 'SSH Sign-In After Failures From One Address'];
const password = 'seven quiet lanterns';

type Sshd = { readonly logFile: string; signIn(user: string, password: string): Promise<CommandResult> };

/** In a mount namespace of its own, where `ada` is the only account with a password; nobody else on this machine can be signed in as. */
async function startSshd(context: TestContext): Promise<Sshd> {
  const [server, client] = [debianProgram('sshd'), debianProgram('ssh')];
  assert.ok(server !== undefined && client !== undefined);
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-sshd-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const at = (name: string): string => join(directory, name);
  const run = async (command: string, ...args: readonly string[]): Promise<string> => {
    const environment = { ...shellEnvironment, ...client.environment };
    const made = await runCommand(command, args, { cwd: directory, environment });
    assert.equal(made.code, 0, made.stderr);
    return made.stdout.trim();
  };
  await run(join(client.root, 'usr/bin/ssh-keygen'), '-q', '-t', 'ed25519', '-N', '', '-f', at('host_key'));
  const hash = await run('openssl', 'passwd', '-6', password);
  const port = await freePort();
  const accounts = ['root:x:0:0::/:/bin/sh', 'sshd:x:990:990::/run/sshd:/bin/false', `ada:x:991:991::/:/bin/sh`];
  writeFileSync(at('passwd'), `${accounts.join('\n')}\n`);
  writeFileSync(at('shadow'), `root:*:19000::::::\nsshd:*:19000::::::\nada:${hash}:19000::::::\n`, { mode: 0o600 });
  writeFileSync(at('askpass'), '#!/bin/sh\necho "$SAID"\n', { mode: 0o755 });
  writeFileSync(
    at('sshd_config'),
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${at('host_key')}
PidFile none
AuthorizedKeysFile none
AllowUsers ada eve
PasswordAuthentication yes
KbdInteractiveAuthentication no
UsePAM no
LogLevel VERBOSE
`,
  );
  writeFileSync(at('sshd.log'), '');
  const hidden = ['passwd', 'shadow'].map((name) => `mount --bind ${at(name)} /etc/${name}`);
  const inside = ['set -e', ...hidden, 'mount -t tmpfs tmpfs /run', 'mkdir /run/sshd', 'exec "$@"'].join('\n');
  const command = [server.path, '-D', '-f', at('sshd_config'), '-E', at('sshd.log')];
  const sshd = startProcess('unshare', ['--mount', 'sh', '-c', inside, 'sh', ...command], {
    environment: server.environment,
  });
  context.after(() => sshd.stop());
  await eventually({
    what: 'sshd listens',
    timeoutMs: 30_000,
    look() {
      if (!sshd.isRunning()) throw new Error(`sshd ended: ${sshd.output()}${readFileSync(at('sshd.log'), 'utf8')}`);
      return readFileSync(at('sshd.log'), 'utf8').includes('Server listening') ? true : undefined;
    },
  });
  const options = [
    'StrictHostKeyChecking=no',
    `UserKnownHostsFile=${at('known_hosts')}`,
    'PreferredAuthentications=password',
    'NumberOfPasswordPrompts=3',
  ].flatMap((option) => ['-o', option]);
  return {
    logFile: at('sshd.log'),
    signIn: (user, said) =>
      runCommand(client.path, ['-F', '/dev/null', '-p', String(port), ...options, `${user}@127.0.0.1`, 'true'], {
        cwd: directory,
        environment: {
          ...shellEnvironment,
          ...client.environment,
          SSH_ASKPASS: at('askpass'),
          SSH_ASKPASS_REQUIRE: 'force',
          SAID: said,
        },
      }),
  };
}

test('failed and successful sign-ins at a real OpenSSH server become alerts', { skip, timeout: 300_000 }, async (t) => {
  const house = await startSenderHouse(t);
  const sshd = await startSshd(t);
  const recipe = await house.follow('rsyslog');
  const reading = `module(load="imfile" PollingInterval="1")
input(type="imfile" File="${sshd.logFile}" Tag="sshd:" Facility="auth" Severity="info")
`;
  const rsyslog = createRsyslog(house.directory, `${reading}${recipe.text('60-sallyport.conf')}`);
  t.after(() => rsyslog.stop());
  await rsyslog.start();

  for (const name of ['ada', 'eve', 'ada']) assert.notEqual((await sshd.signIn(name, 'a guess')).code, 0);
  const signedIn = await sshd.signIn('ada', password);
  assert.equal(signedIn.code, 0, signedIn.stderr);

  const failed = await house.received('Failed password for', 9);
  assert.equal(failed.length, 9);
  for (const event of failed) {
    assert.deepEqual(
      [event['class_uid'], event['status_id'], valueAt(event, 'src_endpoint', 'ip')],
      [3002, 2, '127.0.0.1'],
      JSON.stringify(event),
    );
  }
  const [accepted] = await house.received('Accepted password for', 1);
  assert.deepEqual([accepted?.['class_uid'], accepted?.['status_id']], [3002, 1], JSON.stringify(accepted));
  let seen = '';
  await eventually({
    what: 'both alerts',
    timeoutMs: 120_000,
    look: async () => {
      seen = (await house.server.ask({ path: '/v1/alerts' })).text;
      return wanted.every((title) => seen.includes(title)) ? true : undefined;
    },
    describe: () => `${seen.slice(0, 3000)}\n${readFileSync(sshd.logFile, 'utf8')}`,
  });
});
