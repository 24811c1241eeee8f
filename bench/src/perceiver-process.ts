import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { createFramePeer } from '@sallyport/platform/frames';
import { cpuSecondsOf } from './machine.ts';
import { repositoryRoot } from './repository.ts';

export type Perceived = {
  readonly tamper: string | undefined;
  readonly looked: boolean;
  readonly persons: number;
};

/** The product's own perceiver process with the weights of one directory. */
export async function startPerceiver(weights: string) {
  const entry = join(repositoryRoot, 'apps/server/src/perceiver.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, weights], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    env: { PATH: '/usr/bin:/bin' },
  });
  const pipe = child.stdio[3];
  if (!(pipe instanceof Duplex) || child.pid === undefined) throw new Error('The perceiver process does not start');
  const { pid } = child;
  const peer = createFramePeer(pipe, {});
  const { head } = await peer.call('hello', { head: {} });
  return {
    pid,
    model: typeof head['model'] === 'string' ? head['model'] : undefined,
    cpuSeconds: () => cpuSecondsOf(pid) ?? 0,
    async perceive(camera: string, jpeg: Uint8Array, capturedMs: number): Promise<Perceived> {
      const request = { camera, captured_ms: capturedMs, first_track: 1 };
      const answer = await peer.call('perceive', { head: request, payload: jpeg });
      const { tamper, objects, looked } = answer.head;
      return {
        tamper: kindOf(tamper),
        looked: looked === true,
        persons: Array.isArray(objects) ? objects.filter((each) => isPerson(each)).length : 0,
      };
    },
    stop: () => peer.close(),
  };
}

function kindOf(tamper: unknown): string | undefined {
  if (typeof tamper !== 'object' || tamper === null || !('kind' in tamper)) return undefined;
  return String(tamper.kind);
}

function isPerson(object: unknown): boolean {
  return typeof object === 'object' && object !== null && 'label' in object && object.label === 'person';
}
