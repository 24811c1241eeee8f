// A provider in a process of its own, as the sealer has it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { createFramePeer } from '@sallyport/platform/frames';
import type { FramePeer } from '@sallyport/platform/frames';
import type { KeyProvider, ProviderKind } from '../key-provider.ts';
import type { KeyProvidersConfig } from './providers-config.ts';
import { createRemoteProvider } from './remote-provider.ts';

/** Starts the process and gives its connection and id; the connection is closed once the process has ended. */
function startProviderProcess(configFile: string, kind: ProviderKind): { peer: FramePeer; pid: number } {
  const entry = `
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { runProviderProcess } from ${JSON.stringify(import.meta.resolve('./provider-process.ts'))};
runProviderProcess({
  stream: new Socket({ fd: 3, readable: true, writable: true }),
  kind: process.argv[2],
  readConfig: () => readFileSync(process.argv[1], 'utf8'),
  random: randomBytes,
  setEnvironment: (name, value) => { process.env[name] = value; },
  exit: () => process.exit(0),
});`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', entry, configFile, kind], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' },
  });
  const pipe = child.stdio[3];
  if (!(pipe instanceof Duplex) || child.pid === undefined) throw new TypeError('The provider did not start');
  const exited = once(child, 'exit');
  const peer = createFramePeer(pipe, {});
  void peer.closed.then(() => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
    return exited.then(() => clearTimeout(timer));
  });
  return { pid: child.pid, peer: { ...peer, closed: Promise.all([peer.closed, exited]).then(() => undefined) } };
}

/** A provider in its process with this configuration; `started` is told the id of each process. */
export function openRemoteForTest(
  configFile: string,
  config: KeyProvidersConfig,
  started: (pid: number) => void = () => undefined,
): KeyProvider {
  writeFileSync(configFile, JSON.stringify(config));
  const [kind = 'sealed-file'] = config.first;
  const start = (): FramePeer => {
    const { peer, pid } = startProviderProcess(configFile, kind);
    started(pid);
    return peer;
  };
  return createRemoteProvider({ start, callTimeoutMs: 60_000, idleMs: 30_000 });
}
