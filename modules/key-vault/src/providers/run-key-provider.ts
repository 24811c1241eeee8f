// A provider in a process of its own: what a vendor's library or the network does wrong, it does to this process.
import type { Duplex } from 'node:stream';
import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { createFramePeer } from '@sallyport/platform/frames';
import type { FrameBody, FrameHandlers } from '@sallyport/platform/frames';
import type { DestructionPermit, KeyProvider, WrapContext } from '../key-provider.ts';
import { asProviderError } from './provider-failure.ts';
import { formatFacts, formatPresence, formatReceipt, parseMasterKey } from './provider-frames.ts';

const maxProviderFrameBytes = 1024 * 1024;

/**
 * Answers for `open`'s provider over a pipe to our own process; ends with the pipe. One call after another. The bytes of
 * epoch keys travel as payloads; nothing is written or logged.
 */
export function runKeyProvider(needs: {
  readonly stream: Duplex;
  readonly open: () => Promise<KeyProvider>;
  readonly exit: () => void;
}): void {
  const stop = new AbortController();
  const { signal } = stop;
  let provider: KeyProvider | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const handle =
    (act: (provider: KeyProvider, request: FrameBody) => Promise<FrameBody>) =>
    async (request: FrameBody): Promise<FrameBody> => {
      const mine = turn.then(async () => {
        try {
          provider ??= await needs.open();
          return await act(provider, request);
        } catch (error) {
          throw asProviderError(error);
        }
      });
      turn = mine.catch(() => undefined);
      return mine;
    };

  const handlers: FrameHandlers = {
    facts: handle(async (given) => ({ head: formatFacts(await given.facts(signal)) })),
    create: handle(async (given, { head }) => ({ head: { ...(await given.create(textOf(head['name']), signal)) } })),
    list: handle(async (given, { head }) => {
      const found = await given.list(textOf(head['vault']), signal);
      return { head: { found: found.map((entry) => ({ ...entry, presence: formatPresence(entry.presence) })) } };
    }),
    find: handle(async (given, { head }) => {
      return { head: { presence: formatPresence(await given.find(textOf(head['name']), signal)) } };
    }),
    wrap: handle(async (given, { head, payload = new Uint8Array() }) => {
      const key = parseMasterKey(head['key']);
      return { head: {}, payload: await given.wrap(key, payload, parseContext(head['context']), signal) };
    }),
    unwrap: handle(async (given, { head, payload = new Uint8Array() }) => {
      const key = parseMasterKey(head['key']);
      return { head: {}, payload: await given.unwrap(key, payload, parseContext(head['context']), signal) };
    }),
    destroy: handle(async (given, { head }) => {
      const receipt = await given.destroy(textOf(head['name']), parsePermit(head['permit']), signal);
      return { head: formatReceipt(receipt) };
    }),
  };
  const peer = createFramePeer(needs.stream, handlers, { maxFrameBytes: maxProviderFrameBytes });
  void peer.closed.then(async () => {
    stop.abort();
    await turn;
    await provider?.close();
    needs.exit();
  });
}

function parseContext(value: JsonValue | undefined): WrapContext {
  if (!isJsonObject(value) || value['format'] !== 'sallyport-epoch@v2' || typeof value['epoch'] !== 'number') {
    throw new TypeError('Not a wrapping context');
  }
  return { format: 'sallyport-epoch@v2', vault: textOf(value['vault']), epoch: value['epoch'] };
}

function parsePermit(value: JsonValue | undefined): DestructionPermit {
  if (!isJsonObject(value) || typeof value['vaultGeneration'] !== 'number') throw new TypeError('Not a permit');
  const { name, reference, vaultGeneration, exportHash, why } = value;
  return {
    name: textOf(name),
    ...(typeof reference === 'string' ? { reference } : {}),
    vaultGeneration,
    exportHash: typeof exportHash === 'string' ? exportHash : undefined,
    why: isJsonObject(why) ? { record: textOf(why['record']), fence: textOf(why['fence']) } : 'never-used',
  };
}
