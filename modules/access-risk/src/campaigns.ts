import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { blockOf } from './geo/address.ts';
import type { StrangerSignal } from './signals.ts';

/** What strangers do over all accounts, by where it comes from. Bounded, whatever names and sources they make up. */
export type Campaigns = {
  /** `name` is a keyed hash. What it makes to tell. */
  failed(attempt: { readonly source: string; readonly name: string; readonly atMs: number }): readonly CampaignSignal[];
  /** Somebody came in: what they mistyped from there was no guess. */
  succeeded(attempt: { readonly source: string; readonly name: string; readonly atMs: number }): void;
  /** Many accounts are tried from there now. */
  isActive(source: string, atMs: number): boolean;
  state(): string;
  /** What does not read is counted anew. */
  restore(text: string | undefined): void;
  size(): { readonly sources: number; readonly evicted: number };
};

export type CampaignSignal = {
  readonly signal: StrangerSignal;
  readonly words: string;
  readonly names: number;
  readonly sources: number;
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const mostNames = 64;
const mostSources = 2000;
const mostInHour = 2048;
/** Names of which none came in from there: so many in an hour, or slowly in a day. Of a whole block (/24, /48) more, since many people share one. */
const quick = { source: 10, block: 20 } as const;
const slow = { source: 25, block: 40 } as const;
/** Of all names tried from there: an office behind one address has people who come in, too. */
const failedShare = 0.6;
const stuffing = { sources: 20, names: 30, share: 0.8 } as const;
const suspects = 3;

type Origin = { failed: Map<string, number>; came: Map<string, number>; toldMs: number; toldNames: number };

const Times = Type.Array(Type.Tuple([Type.String({ maxLength: 100 }), Type.Number()]), { maxItems: mostInHour });
const Saved = Type.Object({
  version: Type.Literal(1),
  origins: Type.Array(
    Type.Object({
      id: Type.String({ maxLength: 100 }),
      failed: Times,
      came: Times,
      toldMs: Type.Number(),
      toldNames: Type.Number(),
    }),
    { maxItems: mostSources },
  ),
  failedSources: Times,
  failedNames: Times,
  cameSources: Times,
  toldMs: Type.Number(),
  evicted: Type.Number(),
});

export function createCampaigns(limits: { readonly sources?: number } = {}): Campaigns {
  const capacity = Math.min(limits.sources ?? mostSources, mostSources);
  /** By source, and by block of sources; the one heard of longest ago first. */
  let origins = new Map<string, Origin>();
  let failedSources = new Map<string, number>();
  let failedNames = new Map<string, number>();
  let cameSources = new Map<string, number>();
  let toldMs = 0;
  let evicted = 0;

  function originOf(id: string): Origin {
    const origin = origins.get(id) ?? { failed: new Map(), came: new Map(), toldMs: 0, toldNames: 0 };
    origins.delete(id);
    origins.set(id, origin);
    while (origins.size > capacity) {
      const ids = [...origins.keys().take(64)];
      // Made-up sources with a name or two displace each other, not whoever tries many.
      const least = ids.find((one) => one !== id && (origins.get(one)?.failed.size ?? 0) < suspects) ?? ids[0];
      if (least === undefined) break;
      origins.delete(least);
      evicted += 1;
    }
    return origin;
  }

  function spraying(origin: Origin, kind: 'source' | 'block', source: string, atMs: number): CampaignSignal[] {
    const inHour = origin.failed
      .values()
      .filter((at) => atMs - at < hourMs)
      .toArray().length;
    const inDay = origin.failed.size;
    if (inHour < quick[kind] && inDay < slow[kind]) return [];
    if (inDay / (inDay + origin.came.size) < failedShare) return [];
    // Once an hour, unless there are twice as many by now.
    if (atMs - origin.toldMs < hourMs && inDay < origin.toldNames * 2) return [];
    origin.toldMs = atMs;
    origin.toldNames = inDay;
    const span = inHour >= quick[kind] ? 'an hour' : 'a day';
    const names = inDay >= mostNames ? `${mostNames} or more` : String(inDay);
    return [
      {
        signal: 'spraying',
        words: `${names} accounts tried from ${kind === 'block' ? blockOf(source) : source} within ${span}, none of which came in`,
        names: inDay,
        sources: 1,
      },
    ];
  }

  function stuffed(atMs: number): CampaignSignal[] {
    prune(failedSources, atMs, hourMs);
    prune(failedNames, atMs, hourMs);
    prune(cameSources, atMs, hourMs);
    const [sources, names] = [failedSources.size, failedNames.size];
    if (sources < stuffing.sources || names < stuffing.names) return [];
    if (sources / (sources + cameSources.size) < stuffing.share || atMs - toldMs < hourMs) return [];
    toldMs = atMs;
    return [
      {
        signal: 'stuffing',
        words: `${names} accounts tried from ${sources} places within an hour, hardly any of which came in`,
        names,
        sources,
      },
    ];
  }

  return {
    failed({ source, name, atMs }) {
      const own = originOf(`source ${source}`);
      const block = originOf(`block ${blockOf(source)}`);
      for (const origin of [own, block]) {
        prune(origin.failed, atMs, dayMs);
        prune(origin.came, atMs, 7 * dayMs);
        // Whoever comes in from there may mistype: theirs is no guess.
        if (!origin.came.has(name)) put(origin.failed, name, atMs, mostNames);
      }
      const isOwners = own.came.has(name);
      if (!isOwners) {
        put(failedSources, source, atMs, mostInHour);
        put(failedNames, name, atMs, mostInHour);
      }
      const told = spraying(own, 'source', source, atMs);
      // Of a block nothing is told that one source in it explains.
      const ofBlock = atMs - own.toldMs < dayMs && own.toldMs > 0 ? [] : spraying(block, 'block', source, atMs);
      return [...told, ...ofBlock, ...stuffed(atMs)];
    },
    succeeded({ source, name, atMs }) {
      for (const id of [`source ${source}`, `block ${blockOf(source)}`]) {
        const origin = originOf(id);
        origin.failed.delete(name);
        put(origin.came, name, atMs, mostNames);
      }
      failedNames.delete(name);
      if ((origins.get(`source ${source}`)?.failed.size ?? 0) === 0) failedSources.delete(source);
      put(cameSources, source, atMs, mostInHour);
    },
    isActive(source, atMs) {
      const told = [origins.get(`source ${source}`), origins.get(`block ${blockOf(source)}`)];
      return told.some((origin) => origin !== undefined && origin.toldMs > 0 && atMs - origin.toldMs < dayMs);
    },
    state: () =>
      JSON.stringify({
        version: 1,
        origins: [...origins].map(([id, { failed, came, ...told }]) => ({
          id,
          failed: [...failed],
          came: [...came],
          ...told,
        })),
        failedSources: [...failedSources],
        failedNames: [...failedNames],
        cameSources: [...cameSources],
        toldMs,
        evicted,
      }),
    restore(text) {
      const saved = read(text);
      origins = new Map(
        (saved?.origins ?? []).map(({ id, failed, came, ...told }) => [
          id,
          { failed: new Map(failed), came: new Map(came), ...told },
        ]),
      );
      failedSources = new Map(saved?.failedSources ?? []);
      failedNames = new Map(saved?.failedNames ?? []);
      cameSources = new Map(saved?.cameSources ?? []);
      toldMs = saved?.toldMs ?? 0;
      evicted = saved?.evicted ?? 0;
    },
    size: () => ({ sources: origins.size, evicted }),
  };
}

/** Last in order; the one put longest ago goes. */
function put(times: Map<string, number>, key: string, atMs: number, most: number): void {
  times.delete(key);
  times.set(key, atMs);
  const oldest = times.keys().next().value;
  if (times.size > most && oldest !== undefined) times.delete(oldest);
}

/** Ledger time never decreases, so the oldest stand first. */
function prune(times: Map<string, number>, atMs: number, forMs: number): void {
  for (const [key, at] of times) {
    if (atMs - at < forMs) return;
    times.delete(key);
  }
}

function read(text: string | undefined) {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Check(Saved, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
