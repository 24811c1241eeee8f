import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';

/** Replies that go on, as streams of events do, and bodies without an end: over when their caller would not be let in again. */
export type StreamWatch = {
  add(request: FastifyRequest, stream: Readable): void;
  close(): void;
};

const recheckMs = 1000;

export function createStreamWatch(needs: {
  readonly every: (intervalMs: number, task: () => void) => () => void;
  /** Never rejects. */
  readonly mayGoOn: (request: FastifyRequest) => Promise<boolean>;
  readonly onBegin: (request: FastifyRequest) => void;
  readonly onEnd: (request: FastifyRequest) => void;
}): StreamWatch {
  const open = new Set<{ readonly request: FastifyRequest; readonly stream: Readable }>();
  let checking = false;

  async function check(): Promise<void> {
    if (checking) return;
    checking = true;
    try {
      for (const { request, stream } of open) if (!(await needs.mayGoOn(request))) stream.destroy();
    } finally {
      checking = false;
    }
  }

  const stop = needs.every(recheckMs, () => void check());
  return {
    add(request, stream) {
      const entry = { request, stream };
      open.add(entry);
      needs.onBegin(request);
      stream.once('close', () => {
        open.delete(entry);
        needs.onEnd(request);
      });
    },
    close: stop,
  };
}
