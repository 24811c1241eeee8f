import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Database } from '@sallyport/platform/database';
import type { Definition } from '@sallyport/tool-pins';
import { comparedKinds, isAddress, isPlain, shapeOf } from './likeness-to.ts';
import type { PinnedKind, ServerTool } from './tool-server.ts';
import type { ToolServerStore } from './tool-server-store.ts';

/** What is pinned and could be taken for one of these, a page after another: more than is like them, and all that is. */
type KnownShapes = (
  where: Database,
  fresh: readonly Definition[],
) => AsyncGenerator<readonly Pick<ServerTool, 'serverId' | 'kind' | 'name'>[]>;

/** What a name looks like, as a digest: whatever it is, memory holds none of it. */
type Shape = { readonly digest: string; readonly isPlain: boolean };

const openedAtOnce = 100;

/**
 * Each name is opened and folded once while this process runs: a server that tells of one new address after another would have all that is
 * pinned opened for each.
 */
export function createKnownShapes(store: Pick<ToolServerStore, 'eachId' | 'namesOf'>): KnownShapes {
  const known = { names: new Map<string, Shape>(), addresses: new Map<string, Shape>() };

  return async function* (where, fresh) {
    const compared = fresh.filter(({ kind }) => comparedKinds(kind ?? 'tool').length > 0);
    for (const sort of ['names', 'addresses'] as const) {
      const own = compared.filter(({ kind }) => isAddress(kind ?? 'tool') === (sort === 'addresses'));
      const [first] = own;
      if (first === undefined) continue;
      const wanted = wantedOf(own.map(({ kind, name }) => shapeIn({ kind: kind ?? 'tool', name })));
      const shapes = known[sort];
      const seen = new Set<string>();
      for await (const page of store.eachId(where, comparedKinds(first.kind ?? 'tool'))) {
        for (const id of page) seen.add(id);
        const unopened = page.filter((id) => !shapes.has(id));
        for (let at = 0; at < unopened.length; at += openedAtOnce) {
          for (const row of await store.namesOf(where, unopened.slice(at, at + openedAtOnce)))
            shapes.set(row.id, shapeIn(row));
          await setImmediate();
        }
        const alike = page.filter((id) => isWanted(shapes.get(id), wanted));
        for (let at = 0; at < alike.length; at += openedAtOnce)
          yield await store.namesOf(where, alike.slice(at, at + openedAtOnce));
        await setImmediate();
      }
      for (const id of shapes.keys()) if (!seen.has(id)) shapes.delete(id);
    }
  };
}

type Wanted = { readonly all: ReadonlySet<string>; readonly foreign: ReadonlySet<string> };

function wantedOf(shapes: readonly Shape[]): Wanted {
  return {
    all: new Set(shapes.map(({ digest }) => digest)),
    foreign: new Set(shapes.flatMap((shape) => (shape.isPlain ? [] : [shape.digest]))),
  };
}

/** Of two addresses in plain letters neither is taken for the other. */
function isWanted(shape: Shape | undefined, { all, foreign }: Wanted): boolean {
  if (shape === undefined) return false;
  return (shape.isPlain ? foreign : all).has(shape.digest);
}

function shapeIn({ kind, name }: { readonly kind: PinnedKind; readonly name: string }): Shape {
  const digest = createHash('sha256')
    .update(shapeOf(name, { isOfAddress: isAddress(kind) }))
    .digest('base64')
    .slice(0, 22);
  return { digest, isPlain: isAddress(kind) && isPlain(name) };
}
