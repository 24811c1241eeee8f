import { keyOf, readOffer, readTool } from '@sallyport/tool-pins';
import type { Definition } from '@sallyport/tool-pins';
import { listedKinds } from './tool-server.ts';
import type { ListedKind, PinnedKind } from './tool-server.ts';

/** What a gateway was told by a server, as the server sent it. */
export type ToldDefinitions = {
  readonly tools?: readonly unknown[];
  /** Prompts, resources and templates of them; a list is missing where nobody asked for it. */
  readonly offers?: Readonly<Partial<Record<ListedKind, readonly unknown[]>>>;
  readonly instructions?: string;
};

type Unread = { readonly kind: PinnedKind; readonly name: string; readonly reason: string };

/** What can be read; a name that stands twice in one kind is nobody's, for a client may take the one or the other. */
export function readTold({ tools = [], offers = {}, instructions }: ToldDefinitions): {
  readonly definitions: readonly Definition[];
  readonly unread: readonly Unread[];
} {
  const all: Definition[] = [];
  const unread: Unread[] = [];
  for (const said of tools) {
    const read = readTool(said);
    if (read.ok) all.push(read.tool);
    else unread.push({ kind: 'tool', name: nameIn(said, 'name'), reason: read.message });
  }
  const others = instructions === undefined ? [] : [{ kind: 'instructions', said: { instructions } } as const];
  const listed = listedKinds.flatMap((kind) => (offers[kind] ?? []).map((said) => ({ kind, said })));
  for (const { kind, said } of [...listed, ...others]) {
    const read = readOffer(kind, said);
    if (read.ok) all.push(read.offer);
    else unread.push({ kind, name: read.name, reason: read.message });
  }
  const often = new Map<string, number>();
  for (const one of all) often.set(keyOf(one), (often.get(keyOf(one)) ?? 0) + 1);
  const isOnce = (one: Definition): boolean => often.get(keyOf(one)) === 1;
  const twice = new Map(all.filter((one) => !isOnce(one)).map((one) => [keyOf(one), one]));
  return {
    definitions: all.filter(isOnce),
    unread: [
      ...[...twice.values()].map((one): Unread => {
        const { name } = one;
        const kind: PinnedKind = one.kind ?? 'tool';
        const reason = `The server has two ${kind === 'tool' ? 'tools' : `${kind.replace('_', ' ')}s`} of this name`;
        return { kind, name, reason };
      }),
      ...unread,
    ],
  };
}

function nameIn(said: unknown, field: string): string {
  const name: unknown = typeof said === 'object' && said !== null ? Reflect.get(said, field) : undefined;
  return typeof name === 'string' ? name.slice(0, 256) : '';
}
