import type { Duplex } from 'node:stream';
import { messageOf } from '@sallyport/platform/errors';
import { createFramePeer } from '@sallyport/platform/frames';
import { restrictDecoder } from './decode-picture.ts';
import { loadModel } from './load-model.ts';
import { parseModelEntry } from './model-registry.ts';
import { createPerceiver } from './perceiver.ts';

export type RunPerceiverNeeds = {
  /** The connection to the server; when it ends, so does the process. */
  readonly stream: Duplex;
  /** The registry of models, one JSON text an entry. */
  readonly entries: readonly string[];
  readonly directories: readonly string[];
  readonly readFile: (path: string) => Uint8Array | undefined;
  readonly exit: () => void;
};

/** The perceiver process. Answers `hello` only when its model is loaded, or the reason is known why there is none. */
export function runPerceiver(needs: RunPerceiverNeeds): void {
  restrictDecoder();
  const handlers = loadModel({ ...needs, entries: needs.entries.map(parseModelEntry) })
    .catch((error: unknown) => ({ model: undefined, reason: messageOf(error) }))
    .then(createPerceiver);
  const answering = (method: 'hello' | 'forget' | 'perceive') => async (body: Parameters<PerceiverHandler>[0]) =>
    (await handlers)[method](body);
  const peer = createFramePeer(needs.stream, {
    hello: answering('hello'),
    forget: answering('forget'),
    perceive: answering('perceive'),
  });
  void peer.closed.then(needs.exit);
}

type PerceiverHandler = ReturnType<typeof createPerceiver>['perceive'];
