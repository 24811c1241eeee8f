// rsyslog and syslog-ng as they run on a host called web-1, with their own socket instead of /dev/log.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@sallyport/contracts';
import { runCommand } from '../command-line.ts';
import { debianProgram } from '../debian-programs.ts';
import { eventually } from '../waiting.ts';
import { shellEnvironment, valueAt, writeTo } from './sender-house.ts';
import { startProcess } from './sender-process.ts';
import type { SenderProcess } from './sender-process.ts';

const hostName = 'web-1';

export type SyslogDaemon = {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** `first` … `first + count - 1`, each one message, as a program on the host says them. */
  say(program: string, first: number, count: number): Promise<void>;
  output(): string;
};

/** `configuration` is what the recipe says; it is included by what a Debian host has anyhow. */
export function createRsyslog(directory: string, configuration: string): SyslogDaemon {
  const program = debianProgram('rsyslogd');
  assert.ok(program !== undefined);
  const socket = join(directory, 'log');
  mkdirSync(join(directory, 'spool'), { recursive: true });
  writeTo(join(directory, 'rsyslog.d/60-sallyport.conf'), configuration);
  writeTo(
    join(directory, 'rsyslog.conf'),
    `global(workDirectory="${directory}/spool" localHostname="${hostName}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${socket}" RateLimit.Interval="0")
include(file="${directory}/rsyslog.d/*.conf")
`,
  );
  const modules = program.modules('rsyslog');
  const args = ['-n', '-M', modules, '-f', join(directory, 'rsyslog.conf'), '-i', join(directory, 'rsyslog.pid')];
  return daemon(socket, () => startProcess(program.path, args, { environment: program.environment }));
}

/** Whether rsyslog understands a configuration that cannot run here; what it says of it when not. */
export async function checkRsyslog(directory: string, configuration: string): Promise<string> {
  const program = debianProgram('rsyslogd');
  assert.ok(program !== undefined);
  const file = join(directory, 'checked.conf');
  writeTo(file, `global(workDirectory="${directory}")\n${configuration}`);
  const run = await runCommand(program.path, ['-N1', '-M', program.modules('rsyslog'), '-f', file], {
    cwd: directory,
    environment: { ...shellEnvironment, ...program.environment },
  });
  return run.code === 0 ? '' : run.stderr;
}

export function createSyslogNg(directory: string, configuration: string): SyslogDaemon {
  const program = debianProgram('syslog-ng');
  assert.ok(program !== undefined);
  const socket = join(directory, 'log');
  mkdirSync(join(directory, 'syslog-ng'), { recursive: true });
  writeTo(
    join(directory, 'syslog-ng.conf'),
    `@version: 3.38
options { use-dns(no); use-fqdn(no); keep-hostname(no); chain-hostnames(no); };
source s_src { unix-dgram("${socket}" host-override("${hostName}")); };
${configuration}`,
  );
  const files = { '-f': 'syslog-ng.conf', '-R': 'persist', '-c': 'control', '-p': 'pid' };
  const places = Object.entries(files).flatMap(([flag, name]) => [flag, join(directory, name)]);
  const args = ['-F', ...places, '--no-caps', '--module-path', program.modules('3.38')];
  return daemon(socket, () => startProcess(program.path, args, { environment: program.environment }));
}

function daemon(socket: string, run: () => SenderProcess): SyslogDaemon {
  let current: SenderProcess | undefined;
  let before = '';
  const output = (): string => `${before}${current?.output() ?? ''}`;
  return {
    output,
    async start() {
      before = output();
      const started = run();
      current = started;
      await eventually({
        what: 'the daemon has its socket',
        timeoutMs: 30_000,
        everyMs: 20,
        look() {
          if (!started.isRunning()) throw new Error(`It ended: ${output()}`);
          return existsSync(socket) ? true : undefined;
        },
        describe: output,
      });
    },
    async stop() {
      await current?.stop();
    },
    async say(program, first, count) {
      const lines = Array.from({ length: count }, (_, index) => `${program} says line ${first + index} of many`);
      writeTo(`${socket}.lines`, `${lines.join('\n')}\n`);
      const args = ['--socket', socket, '-p', 'auth.notice', '-t', program, '-f', `${socket}.lines`];
      const said = await runCommand('logger', args, { cwd: '/', environment: shellEnvironment });
      assert.equal(said.code, 0, said.stderr);
    },
  };
}

/**
 * Every line, from this host and program, at the time its header says; once, but for as many as may be there twice: syslog
 * acknowledges nothing, so a sender whose connection broke sends again what it cannot know to have arrived.
 */
export function assertLines(
  events: readonly JsonObject[],
  wanted: { readonly program: string; readonly count: number; readonly mostTwice?: number; readonly mostLost?: number },
): void {
  const { program, count, mostTwice = 0, mostLost = 0 } = wanted;
  const times = new Map<number, number>();
  for (const event of events) {
    const line = Number(/says line (\d+) of many/.exec(String(event['message']))?.[1]);
    times.set(line, (times.get(line) ?? 0) + 1);
  }
  const lost = Array.from({ length: count }, (_, line) => line).filter((line) => !times.has(line));
  assert.ok(lost.length <= mostLost, `lost: ${lost.join(', ')}`);
  assert.equal(times.size, count - lost.length);
  const twice = [...times].flatMap(([line, seen]) => (seen > 1 ? [`${line} (${seen})`] : []));
  assert.ok(events.length - times.size <= mostTwice, `doubled: ${twice.join(', ')}`);
  for (const event of events) {
    assert.equal(valueAt(event, 'device', 'hostname'), hostName);
    assert.equal(valueAt(event, 'metadata', 'log_provider'), program);
    assert.equal(valueAt(event, 'metadata', 'log_name'), 'auth');
    const said = /^<37>1 (\S+) web-1 /.exec(String(event['raw_data']))?.[1] ?? '';
    assert.equal(event['time'], Date.parse(said), String(event['raw_data']));
    assert.ok(Math.abs(Date.now() - Date.parse(said)) < 900_000, 'the time is the one of saying it');
  }
}
