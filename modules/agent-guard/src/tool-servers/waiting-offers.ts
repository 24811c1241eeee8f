import { createHash } from 'node:crypto';
import { pinnedKey, toolServerLimits as limits } from './tool-server.ts';
import type { PinnedKind } from './tool-server.ts';

export type ToldOffer = { readonly kind: PinnedKind; readonly name: string; readonly digest?: string };

/**
 * What servers told of that was too much to be written: who asks for it without a digest is not let, as if it stood there. Known while the
 * process runs, as the servers of a run are.
 */
export type WaitingOffers = {
  told(
    serverId: string,
    offers: { readonly taken: readonly ToldOffer[]; readonly waiting: readonly ToldOffer[] },
  ): void;
  waits(serverId: string, kind: PinnedKind, name: string): boolean;
};

/** Of one server; of one that told of more than these everything waits that is asked for so. */
const mostWaiting = 2000;

export function createWaitingOffers(): WaitingOffers {
  /** By short digests of their keys, for names are long: the definition that waits. */
  const servers = new Map<string, { readonly digests: Map<string, string>; isFull: boolean }>();

  return {
    told(serverId, { taken, waiting }) {
      const known = servers.get(serverId);
      if (known === undefined && waiting.length === 0) return;
      const server = known ?? { digests: new Map<string, string>(), isFull: false };
      servers.delete(serverId);
      servers.set(serverId, server);
      const [oldest] = servers.keys();
      if (servers.size > limits.servers && oldest !== undefined) servers.delete(oldest);
      for (const one of waiting) {
        const key = shortKey(one);
        if (server.digests.size < mostWaiting || server.digests.has(key)) server.digests.set(key, one.digest ?? '');
        else server.isFull = true;
      }
      // Only what waited itself: that it said something known in between makes nothing known of what it said then.
      for (const one of taken) {
        const key = shortKey(one);
        if (server.digests.get(key) === one.digest) server.digests.delete(key);
      }
    },
    waits(serverId, kind, name) {
      const server = servers.get(serverId);
      return server !== undefined && (server.isFull || server.digests.has(shortKey({ kind, name })));
    },
  };
}

function shortKey(one: Pick<ToldOffer, 'kind' | 'name'>): string {
  return createHash('sha256').update(pinnedKey(one)).digest('base64url').slice(0, 22);
}
