import { createHash, createHmac } from 'node:crypto';
import { redact } from '@sallyport/content-redaction';
import { canonicalJson, isJsonObject, itemsOf } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { HookCall } from '../calls/hook-message.ts';
import type { JudgedHook } from '../judging/hook-judge.ts';
import { visibleLine, visibleText } from './visible-text.ts';

/** A value of the call as a person reads it. */
export type ShownValue = {
  readonly name: string;
  readonly text: string;
  /** Characters in its middle that are not shown. */
  readonly leftOut: number;
  /** Signs in it that could not be seen. */
  readonly hidden: number;
};

/** What a person is asked: what the call does and who says that they are to be asked. Every text is bounded, and nothing in it hides. */
export type Question = {
  readonly tool: string;
  readonly server?: string;
  readonly subAgent?: string;
  /** Each thing the call does, in words: `Send to evil.example`. */
  readonly does: readonly string[];
  /** Kinds of what it does: `network`, `pay`. */
  readonly kinds: readonly string[];
  /** Where it goes or what it touches; `''` when that cannot be said. */
  readonly place: string;
  readonly values: readonly ShownValue[];
  /** Values beyond those shown. */
  readonly valuesLeftOut: number;
  readonly policies: readonly { readonly id: string; readonly words: string }[];
  readonly reason: string;
  /** Through what the words of others came to it, the first first. */
  readonly taint: readonly string[];
  /** A person proves anew who they are before they let it through, and says it for each call. */
  readonly isGrave: boolean;
  /** So many different people must say yes to it. */
  readonly people: 1 | 2;
  /** A yes may hold for the session. */
  readonly mayHold: boolean;
  /** Of tool, server, sub-agent, folder and every argument, under a key of this process: an answer is to this and nothing else. */
  readonly digest: string;
  /** Of the pack and the policies that ask, by their texts where these can change meanwhile. */
  readonly asking: string;
  /** As `digest`, under no key, and of who asks for it: the same after a restart. Nobody is shown it. */
  readonly fingerprint: string;
  /** Two calls of a run with the same are the same question. */
  readonly key: string;
};

/** What is grave: it cannot be taken back, or gives away what opens other things. */
const graveKinds: ReadonlySet<string> = new Set(['pay', 'secret', 'credential', 'grant', 'configure']);
/** What can be the same question though the call is another: each has a named place, and does nothing beside. */
const placedKinds: ReadonlySet<string> = new Set(['read', 'network', 'message']);
const limits = { values: 40, text: 4000, head: 3000, allText: 24_000, does: 20, taint: 12 } as const;

/** `pack`: the policies that ask; a yes under others is to another question. */
export function questionOf(asked: {
  readonly call: HookCall;
  readonly judged: JudgedHook;
  readonly pack: string;
  readonly child?: string | undefined;
  /** Nobody learns from a digest what a call held. */
  readonly secret: Uint8Array;
}): Question {
  const { call, judged, pack, child, secret } = asked;
  const { does = [], places = [], policies = [], texts = [], isCertain = false, people = 1 } = judged.asks ?? {};
  const hashOf = (parts: readonly (JsonValue | undefined)[]): string =>
    createHmac('sha256', secret)
      .update(canonicalJson(parts.map((part) => part ?? null)))
      .digest('hex');
  const line = withoutSecrets(call);
  const kinds = [...new Set(does.map(({ kind }) => kind))].toSorted();
  const isGrave =
    people > 1 || kinds.length === 0 || kinds.some((kind) => graveKinds.has(kind)) || isOthers(judged, pack);
  const parts = [call.tool, call.server?.name, call.server?.source, child, call.cwd, call.input];
  const digest = hashOf(parts);
  const isPlaced = isCertain && places.length > 0 && kinds.length > 0 && kinds.every((kind) => placedKinds.has(kind));
  const { values, more } = shownValues(judged.shown ?? call.input);
  // Under the name of one that asked before may stand another text by now.
  const asking = [...policies.map(({ id }) => id).toSorted(), ...texts];
  return {
    tool: visibleLine(call.tool, 200),
    ...(call.server === undefined ? {} : { server: visibleLine(call.server.name, 200) }),
    ...(child === undefined ? {} : { subAgent: visibleLine(child, 100) }),
    does: graveFirst(does)
      .slice(0, limits.does)
      .map(({ words }) => line(words, 500)),
    kinds,
    place: line(places.join(', '), 300),
    values,
    valuesLeftOut: more,
    policies: policies.slice(0, 10).map(({ id, words }) => ({ id: id.slice(0, 200), words: visibleLine(words, 500) })),
    reason: line(judged.reason, 2000),
    taint: (judged.call.taintPath ?? []).slice(0, limits.taint).map((one) => visibleLine(one, 200)),
    isGrave,
    people,
    mayHold: !isGrave,
    digest,
    asking: hashOf([pack, ...asking]),
    fingerprint: createHash('sha256')
      .update(canonicalJson([pack, asking, ...parts.map((part) => part ?? null)]))
      .digest('hex'),
    // Where what it does has no place of its own, only the very same call is the same question.
    key: hashOf([
      pack,
      call.tool,
      call.server?.name,
      call.server?.source,
      child,
      kinds,
      [...places].toSorted(),
      asking,
      // What one said yes to is another question where two must.
      people,
      isPlaced && !isGrave ? '' : digest,
    ]),
  };
}

/** Of several things it does, what cannot be taken back heads what people read. */
function graveFirst<T extends { readonly kind: string }>(does: readonly T[]): T[] {
  const isGrave = ({ kind }: T): boolean => graveKinds.has(kind);
  return [...does.filter(isGrave), ...does.filter((one) => !isGrave(one))];
}

/** A yes to one secret is none to the next, wherever it goes: what it carries that its person did not write is asked about each time. */
function isOthers({ asks }: JudgedHook, pack: string): boolean {
  const { secret, personal } = asks?.carries ?? { secret: 'none', personal: 'none' };
  return [secret, ...(pack === 'locked-down' ? [personal] : [])].some((one) => one !== 'none' && one !== 'named');
}

/** As `visibleLine`, with what is a secret in the call's arguments left out. */
function withoutSecrets({ input }: HookCall): typeof visibleLine {
  const secrets = redact(input).pieces.filter((piece) => piece.class === 'secret' && piece.text.length > 3);
  return (text, longest) =>
    visibleLine(
      secrets.reduce((left, piece) => left.replaceAll(piece.text, '[a secret]'), text),
      longest,
    );
}

/** Each text of the arguments under its name, as long as there is room. */
function shownValues(input: JsonValue): { readonly values: readonly ShownValue[]; readonly more: number } {
  const values: ShownValue[] = [];
  let room: number = limits.allText;
  let more = 0;
  for (const [name, whole] of textsIn(input, '')) {
    if (values.length >= limits.values || room <= 0) {
      more += 1;
      continue;
    }
    const longest = Math.min(limits.text, room);
    const isCut = whole.length > longest;
    const head = Math.floor((longest * limits.head) / limits.text);
    const [begins, ends] = isCut ? [whole.slice(0, head), whole.slice(whole.length - (longest - head))] : [whole, ''];
    const [first, last] = [visibleText(begins), visibleText(ends)];
    values.push({
      name: visibleLine(name, 200),
      text: isCut ? `${first.text}\n…\n${last.text}` : first.text,
      leftOut: isCut ? whole.length - longest : 0,
      hidden: first.hidden + last.hidden,
    });
    room -= longest < whole.length ? longest : whole.length;
  }
  return { values, more };
}

/** The deepest a harness goes, and more; what is deeper is shown as JSON. */
const deepest = 6;

function* textsIn(value: JsonValue, name: string, depth = 0): Generator<readonly [string, string]> {
  const inner = (part: string): string => (name === '' ? part : `${name}.${part}`);
  const items = itemsOf(value);
  if (depth < deepest && items.length > 0)
    for (const [index, item] of items.entries()) yield* textsIn(item, inner(String(index)), depth + 1);
  else if (depth < deepest && isJsonObject(value) && Object.keys(value).length > 0)
    for (const [part, item] of Object.entries(value)) yield* textsIn(item, inner(part), depth + 1);
  else if (name !== '') yield [name, typeof value === 'string' ? value : JSON.stringify(value)];
}
