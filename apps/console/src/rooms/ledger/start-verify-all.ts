import type { VerifyAllMessage, VerifyAllRequest } from '../../seal/verify-all-protocol.ts';

/** Starts the check in a thread of its own; it ends by itself with anything but `progress`. */
export function startVerifyAll(request: VerifyAllRequest, onMessage: (message: VerifyAllMessage) => void): void {
  const worker = new Worker(new URL('../../seal/verify-all-worker.ts', import.meta.url), { type: 'module' });
  worker.addEventListener('message', (event: MessageEvent<VerifyAllMessage>) => {
    onMessage(event.data);
    if (event.data.kind !== 'progress') worker.terminate();
  });
  worker.addEventListener('error', (event) => {
    onMessage({
      kind: 'failed',
      message: event.message === '' ? 'The thread that checks did not start' : event.message,
    });
    worker.terminate();
  });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no other origin to be sent to
  worker.postMessage(request);
}
