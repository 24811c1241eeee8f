import { isJsonObject, parseJson, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { keyOf, offerKinds, readDefinition } from '@sallyport/tool-pins';
import type { Definition } from '@sallyport/tool-pins';
import { readOwnFile, replaceFile, withLock } from './locked-file.ts';

/** What a server was when somebody first saw or last approved it. */
export type Pinned = {
  readonly transport: string;
  readonly target: string;
  /** Its tools and what else it offers, by `keyOf`. */
  readonly definitions: ReadonlyMap<string, Definition>;
};

export const pinKinds = ['tool', ...offerKinds] as const;
export type PinKind = (typeof pinKinds)[number];

export type PinnedServer = Pinned & {
  readonly sinceMs: number;
  /** What of it was ever told of; before there were others that was its tools. */
  readonly kinds: readonly PinKind[];
  /** What it says now and nobody has approved. */
  readonly waiting?: Pinned;
};

export type Pins = ReadonlyMap<string, PinnedServer>;

const maxBytes = 32 * 1024 * 1024;

/**
 * Pins in a file, for who has no server. Throws for a file that is damaged or that others may write: a pin nobody can read lets nothing
 * pass.
 */
export function readPins(file: string): Pins {
  const text = readOwnFile(file, maxBytes);
  if (text === undefined) return new Map();
  let read: JsonValue;
  try {
    read = parseJson(text);
  } catch {
    throw damaged(file, 'it is no JSON');
  }
  const servers = isJsonObject(read) && read['version'] === 1 ? read['servers'] : undefined;
  if (!isJsonObject(servers)) throw damaged(file, 'it holds no servers of version 1');
  return new Map(
    Object.entries(servers).map(([name, server]) => {
      if (!isJsonObject(server)) throw damaged(file, `"${name}" is no object`);
      const { sinceMs, waiting, kinds = ['tool'] } = server;
      if (typeof sinceMs !== 'number') throw damaged(file, `"${name}" has no time`);
      return [
        name,
        {
          ...pinnedOf(file, server),
          sinceMs,
          kinds: pinKinds.filter((kind) => textsOf(kinds).includes(kind)),
          ...(isJsonObject(waiting) ? { waiting: pinnedOf(file, waiting) } : {}),
        },
      ];
    }),
  );
}

/** Reads, changes and writes the pins while nobody else does. */
export async function changePins<Value>(
  file: string,
  change: (pins: Pins) => { readonly pins?: Pins; readonly value: Value },
): Promise<Value> {
  return withLock(file, () => {
    const { pins, value } = change(readPins(file));
    if (pins !== undefined) replaceFile(file, textOf(pins));
    return value;
  });
}

function pinnedOf(file: string, body: JsonObject): Pinned {
  const { transport, target, tools, offers = [] } = body;
  if (typeof transport !== 'string' || typeof target !== 'string' || !isJsonObject(tools) || !Array.isArray(offers))
    throw damaged(file, 'a server lacks its transport, target or tools');
  const pinned = Object.entries(tools).map(([name, tool]) => {
    const read = readDefinition(tool);
    if (!read.ok || read.definition.name !== name || read.definition.kind !== undefined)
      throw damaged(file, `tool "${name}" cannot be read`);
    return read.definition;
  });
  const listed: readonly JsonValue[] = offers;
  const others = listed.map((offer) => {
    const read = readDefinition(offer);
    if (!read.ok || read.definition.kind === undefined) throw damaged(file, 'something it offers cannot be read');
    return read.definition;
  });
  return { transport, target, definitions: new Map([...pinned, ...others].map((one) => [keyOf(one), one])) };
}

function textOf(pins: Pins): string {
  const plain = ({ transport, target, definitions }: Pinned) => {
    const all = [...definitions.values()];
    const tools = all.filter(({ kind }) => kind === undefined).map((tool) => [tool.name, tool] as const);
    return {
      transport,
      target,
      tools: Object.fromEntries(tools),
      offers: all.filter(({ kind }) => kind !== undefined),
    };
  };
  const servers = Object.fromEntries(
    [...pins].map(([name, { sinceMs, kinds, waiting, ...server }]) => [
      name,
      { sinceMs, kinds, ...plain(server), ...(waiting === undefined ? {} : { waiting: plain(waiting) }) },
    ]),
  );
  return `${JSON.stringify({ version: 1, servers }, null, 1)}\n`;
}

function damaged(file: string, why: string): Error {
  return new Error(`Cannot read the pins in "${file}": ${why}; nothing passes until it is mended or taken away`);
}
