import { setImmediate } from 'node:timers/promises';
import { keyOf, skeletonOf } from '@sallyport/tool-pins';
import type { Definition } from '@sallyport/tool-pins';
import type { Likeness, PinnedKind } from './tool-server.ts';

/** What is pinned of another server, or of the same. */
export type Other = {
  readonly server: { readonly id: string; readonly name: string };
  readonly kind: PinnedKind;
  readonly tool: string;
};

/** Of one definition. */
const mostLikenesses = 20;
/** Signs of an address that are folded; whoever reads on compares sign by sign. */
const foldedSigns = 1024;
/** Names are folded without a turn for others in between. */
const foldsPerTurn = 100;

/** Kinds whose names can be taken for one of this. Prompts and tools are called by names of one sort; instructions by none. */
export function comparedKinds(kind: PinnedKind): readonly PinnedKind[] {
  if (kind === 'instructions') return [];
  return isAddress(kind) ? ['resource', 'resource_template'] : ['tool', 'prompt'];
}

/**
 * What new definitions of a server can be taken for, by their keys. Each name is folded once however many there are on the other side, and
 * everybody else has a turn in between. Addresses have signs in which names of tools do not differ: two are alike only where one has a
 * letter of another alphabet, so of two in plain letters nothing is folded.
 */
export async function findLikenesses({
  server,
  fresh,
  others,
  skeleton = skeletonOf,
}: {
  readonly server: { readonly id: string | undefined; readonly name: string };
  readonly fresh: readonly Definition[];
  readonly others: AsyncIterable<readonly Other[]>;
  readonly skeleton?: (name: string) => string;
}): Promise<ReadonlyMap<string, readonly Likeness[]>> {
  let folds = 0;
  async function inTurn(name: string, isOfAddress: boolean): Promise<string> {
    folds += 1;
    if (folds % foldsPerTurn === 0) await setImmediate();
    return shapeOf(name, { isOfAddress, skeleton });
  }

  type Found = { readonly definition: Definition; readonly same: Likeness[]; readonly alike: Likeness[] };
  const found = fresh.map((definition): Found => ({ definition, same: [], alike: [] }));
  async function byShape(some: readonly Found[], isOfAddress: boolean): Promise<Map<string, Found[]>> {
    const shapes = new Map<string, Found[]>();
    for (const one of some) {
      const shape = await inTurn(one.definition.name, isOfAddress);
      const like = shapes.get(shape);
      if (like === undefined) shapes.set(shape, [one]);
      else like.push(one);
    }
    return shapes;
  }
  const named = found.filter(({ definition }) => comparedKinds(definition.kind ?? 'tool').includes('tool'));
  const addressed = found.filter(({ definition }) => isAddress(definition.kind ?? 'tool'));
  const names = await byShape(named, false);
  const foreign = await byShape(
    addressed.filter(({ definition }) => !isPlain(definition.name)),
    true,
  );
  /** Folded when the first address with a foreign letter comes. */
  let plain: Map<string, Found[]> | undefined;

  async function takenFor(other: Other): Promise<readonly Found[]> {
    if (!isAddress(other.kind)) return names.size === 0 ? [] : (names.get(await inTurn(other.tool, false)) ?? []);
    const isForeign = !isPlain(other.tool);
    if (addressed.length === 0 || (foreign.size === 0 && !isForeign)) return [];
    const shape = await inTurn(other.tool, true);
    if (!isForeign) return foreign.get(shape) ?? [];
    plain ??= await byShape(
      addressed.filter(({ definition }) => isPlain(definition.name)),
      true,
    );
    return [...(foreign.get(shape) ?? []), ...(plain.get(shape) ?? [])];
  }

  for await (const page of others) {
    for (const other of page) {
      for (const one of await takenFor(other)) {
        const how = howLike(server, one.definition, other);
        if (how === undefined) continue;
        const list = how === 'same' ? one.same : one.alike;
        if (list.length < mostLikenesses) list.push({ server: other.server.name, tool: other.tool, how });
      }
    }
    await setImmediate();
  }
  // Many of the very same name must not hide one that passes for it.
  return new Map(
    found.map(({ definition, same, alike }) => [keyOf(definition), [...alike, ...same].slice(0, mostLikenesses)]),
  );
}

/** The same of two that look the same. */
export function shapeOf(
  name: string,
  {
    isOfAddress,
    skeleton = skeletonOf,
  }: { readonly isOfAddress: boolean; readonly skeleton?: (name: string) => string },
): string {
  const head = isOfAddress ? name.slice(0, foldedSigns) : name;
  const shape = skeleton(head) + name.slice(head.length);
  // Signs that are all left out are like nothing but themselves.
  return shape === '' ? `name ${name}` : `shape ${shape}`;
}

/** Of two that look the same. */
function howLike(
  server: { readonly id: string | undefined; readonly name: string },
  { kind, name }: Definition,
  other: Other,
): Likeness['how'] | undefined {
  if (name !== other.tool) return 'looks_alike';
  if (isAddress(other.kind) || other.server.id === server.id || (kind ?? 'tool') !== other.kind) return undefined;
  // The same server at another place brings the same tools: that is told of the server.
  return other.server.name === server.name ? undefined : 'same';
}

export function isAddress(kind: PinnedKind): boolean {
  return kind === 'resource' || kind === 'resource_template';
}

export function isPlain(address: string): boolean {
  return /^[\x20-\x7e]*$/.test(address);
}
