import { isJsonObject, textOf } from '@sallyport/contracts';
import { codeOf } from '@sallyport/platform/errors';
import type { FrameBody, FramePeer } from '@sallyport/platform/frames';
import type { KeyProvider } from '../key-provider.ts';
import { asProviderError, unavailable } from './provider-failure.ts';
import { parseFacts, parseMasterKey, parsePresence, parseReceipt } from './provider-frames.ts';

export type RemoteProviderNeeds = {
  /** Starts the provider's process; it ends with the connection, also one that hangs. */
  readonly start: () => FramePeer;
  /** A call that takes longer is `provider_unavailable`, and its process is ended. */
  readonly callTimeoutMs: number;
  /** An unused process ends after this long, and with it its session, its PIN or token. */
  readonly idleMs: number;
};

/**
 * A provider in a process of its own, started when it is first needed and again after it ended: master keys are asked for
 * at a start and at a rotation, and in between nobody is logged in anywhere.
 */
export function createRemoteProvider(needs: RemoteProviderNeeds): KeyProvider {
  let peer: FramePeer | undefined;
  let underWay = 0;
  let idle: NodeJS.Timeout | undefined;
  let closed = false;

  const end = (ended: FramePeer): void => {
    if (peer === ended) peer = undefined;
    ended.close();
  };

  const connected = (): FramePeer => {
    if (closed) throw unavailable('The provider of master keys was closed');
    if (peer !== undefined) return peer;
    const started = needs.start();
    peer = started;
    void started.closed.then(() => end(started));
    return started;
  };

  const call = async (method: string, request: FrameBody, signal: AbortSignal): Promise<FrameBody> => {
    clearTimeout(idle);
    underWay += 1;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), needs.callTimeoutMs);
    let used: FramePeer | undefined;
    try {
      used = connected();
      return await used.call(method, request, { signal: AbortSignal.any([signal, timeout.signal]) });
    } catch (error) {
      // What was asked may still be under way, perhaps for ever, or its process is gone: it is not asked again.
      if (used !== undefined && (timeout.signal.aborted || signal.aborted || codeOf(error) === 'peer_gone')) end(used);
      if (timeout.signal.aborted) throw unavailable(`The provider of master keys did not answer "${method}" in time`);
      throw asProviderError(error);
    } finally {
      clearTimeout(timer);
      underWay -= 1;
      if (underWay === 0 && peer !== undefined) {
        const unused = peer;
        idle = setTimeout(() => end(unused), needs.idleMs);
        idle.unref();
      }
    }
  };

  return {
    facts: async (signal) => parseFacts((await call('facts', { head: {} }, signal)).head),
    create: async (name, signal) => parseMasterKey((await call('create', { head: { name } }, signal)).head),
    async list(vault, signal) {
      const { found } = (await call('list', { head: { vault } }, signal)).head;
      if (!Array.isArray(found)) throw unavailable('The provider of master keys sent no list');
      return found.filter(isJsonObject).map((entry) => ({
        ...parseMasterKey(entry),
        presence: parsePresence(entry['presence']),
      }));
    },
    async find(name, signal) {
      try {
        return parsePresence((await call('find', { head: { name } }, signal)).head['presence']);
      } catch (error) {
        const failure = asProviderError(error);
        if (failure.code === 'master_ambiguous') throw failure;
        return { kind: 'unknown', why: failure.message };
      }
    },
    async wrap(key, plain, context, signal) {
      const reply = await call('wrap', { head: { key: { ...key }, context: { ...context } }, payload: plain }, signal);
      return payloadOf(reply);
    },
    async unwrap(key, wrapped, context, signal) {
      const reply = await call(
        'unwrap',
        { head: { key: { ...key }, context: { ...context } }, payload: wrapped },
        signal,
      );
      return payloadOf(reply);
    },
    async destroy(name, permit, signal) {
      const { vaultGeneration, reference = null, exportHash = null, why } = permit;
      const sent = {
        name: permit.name,
        reference,
        vaultGeneration,
        exportHash,
        why: why === 'never-used' ? why : { ...why },
      };
      return parseReceipt((await call('destroy', { head: { name, permit: sent } }, signal)).head);
    },
    async close() {
      closed = true;
      clearTimeout(idle);
      const ended = peer;
      if (ended === undefined) return;
      end(ended);
      await ended.closed;
    },
  };
}

function payloadOf({ payload, head }: FrameBody): Buffer {
  if (payload === undefined) throw unavailable(`The provider of master keys sent no bytes: ${textOf(head['kind'])}`);
  return Buffer.from(payload);
}
