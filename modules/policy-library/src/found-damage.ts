import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { DamagedDraft } from './damaged-drafts.ts';
import type { DamagedVersion } from './damaged-rows.ts';

/** With when this server found it first since it started: when it was done nobody can tell. */
export type Found<One> = One & { readonly foundMs: number };

/** Of all that are damaged now, each time anew: what is among them no more is forgotten. */
export function createFoundDamage({ nowMs }: Pick<Clock, 'nowMs'>) {
  let known: ReadonlyMap<string, number> = new Map();
  return <One>(all: readonly One[], nameOf: (one: One) => string): readonly Found<One>[] => {
    const atMs = nowMs();
    const found = all.map((one) => ({ ...one, foundMs: known.get(nameOf(one)) ?? atMs }));
    known = new Map(found.map((one) => [nameOf(one), one.foundMs]));
    return found;
  };
}

const toldOf = 50;
const toldWords = 300;

/** What the trail says of it, and under which name; undefined where nothing is damaged. */
export function damageToTell(
  versions: readonly DamagedVersion[],
  drafts: readonly DamagedDraft[],
): { readonly id: string; readonly details: JsonObject } | undefined {
  if (versions.length + drafts.length === 0) return undefined;
  const named = [...versions.map(({ version }) => String(version)), ...drafts.map(({ id }) => id)];
  return {
    id: named.join(', ').slice(0, 100),
    details: {
      damaged: versions.slice(0, toldOf).map(({ version, why }) => ({ version, why: why.slice(0, toldWords) })),
      documents: drafts
        .slice(0, toldOf)
        .map(({ id, revision, why }) => ({ id, revision, why: why.slice(0, toldWords) })),
    },
  };
}
