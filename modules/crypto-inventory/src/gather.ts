import { messageOf } from '@sallyport/platform/errors';
import { algorithmOf } from './algorithms.ts';
import type { AlgorithmId } from './algorithms.ts';
import type { AlgorithmAsset, Asset, GatheredAsset } from './asset.ts';
import type { InventoryNeeds, InventorySource } from './needs.ts';

/** What was found at one moment. */
export type Gathered = {
  readonly atMs: number;
  /** By id, which begins with the kind. */
  readonly assets: readonly Asset[];
  /** Which source each asset came from. */
  readonly sourceOf: ReadonlyMap<string, string>;
  /** Sources that did not answer: the inventory lacks what they hold. */
  readonly unasked: readonly { readonly source: string; readonly reason: string }[];
};

const sourceTimeoutMs = 20_000;
/** One source cannot fill the memory of the server. */
const mostOfOneSource = 20_000;

/** Asks every source at once. One that fails takes nothing away from the others, and is named. */
export async function gather(needs: Pick<InventoryNeeds, 'sources' | 'clock' | 'deadline'>): Promise<Gathered> {
  const atMs = needs.clock.nowMs();
  const answers = await Promise.all(needs.sources.map((source) => ask(source, needs.deadline(sourceTimeoutMs))));
  const assets = new Map<string, Asset>();
  const sourceOf = new Map<string, string>();
  const unasked: { source: string; reason: string }[] = [];
  for (const answer of answers) {
    if ('reason' in answer) {
      unasked.push(answer);
      continue;
    }
    for (const asset of answer.assets.slice(0, mostOfOneSource)) {
      if (assets.has(asset.id)) continue;
      assets.set(asset.id, asset);
      sourceOf.set(asset.id, answer.source);
    }
    const beyond = answer.assets.length - mostOfOneSource;
    if (beyond > 0)
      unasked.push({ source: answer.source, reason: `${beyond} of its rows are over ${mostOfOneSource} and left out` });
  }
  for (const algorithm of algorithmsIn([...assets.values()], needs.sources)) assets.set(algorithm.id, algorithm);
  const order = [...assets.values()].toSorted((a, b) => compare(a.id, b.id));
  return { atMs, assets: order, sourceOf, unasked };
}

type Answer =
  | { readonly source: string; readonly assets: readonly GatheredAsset[] }
  | { readonly source: string; readonly reason: string };

async function ask(source: InventorySource, signal: AbortSignal): Promise<Answer> {
  const { name } = source;
  let onAbort: (() => void) | undefined;
  const late = new Promise<Answer>((resolve) => {
    onAbort = (): void =>
      resolve({ source: name, reason: `It did not answer within ${sourceTimeoutMs / 1000} seconds` });
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([source.gather(signal).then((assets) => ({ source: name, assets })), late]);
  } catch (error) {
    return { source: name, reason: messageOf(error) };
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}

/** One row for each algorithm something uses, with how many rows do. */
function algorithmsIn(assets: readonly Asset[], sources: readonly InventorySource[]): AlgorithmAsset[] {
  const used = new Map<AlgorithmId, { uses: number; owners: Set<string>; purposes: Set<string>; asked: boolean }>();
  const note = (id: AlgorithmId, owner: string, purpose: string, asked: boolean): void => {
    const one = used.get(id) ?? { uses: 0, owners: new Set(), purposes: new Set(), asked: false };
    used.set(id, { ...one, uses: one.uses + 1, asked: one.asked || asked });
    one.owners.add(owner);
    one.purposes.add(purpose);
  };
  for (const asset of assets)
    for (const id of algorithmsOf(asset)) note(id, asset.owner, asset.usedFor, asset.known.kind === 'asked');
  for (const source of sources)
    for (const { algorithm, owner, usedFor } of source.uses ?? []) note(algorithm, owner, usedFor, false);
  return [...used].map(([id, { uses, owners, purposes, asked }]) => ({
    kind: 'algorithm',
    id: `algorithm/${id}`,
    name: algorithmOf(id).name,
    owner: [...owners].toSorted(compare).join(', '),
    usedFor: shortened([...purposes].toSorted(compare)),
    where: 'this installation',
    known: asked
      ? { kind: 'asked', by: 'what uses it was asked' }
      : { kind: 'declared', by: 'written down by the makers of the product' },
    algorithm: id,
    uses,
  }));
}

/** The algorithms an asset rests on, each once. What a library merely could do is not in use. */
export function algorithmsOf(asset: Asset): readonly AlgorithmId[] {
  switch (asset.kind) {
    case 'key':
    case 'store':
      return asset.algorithm === undefined ? [] : [asset.algorithm];
    case 'certificate':
      return [...new Set([asset.signatureAlgorithm, asset.keyAlgorithm].filter((id) => id !== undefined))];
    case 'protocol':
      return asset.algorithms;
    case 'algorithm':
    case 'library':
      return [];
  }
}

const mostPurposes = 8;

function shortened(purposes: readonly string[]): string {
  const more = purposes.length - mostPurposes;
  return [...purposes.slice(0, mostPurposes), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** By code points: the same order on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
