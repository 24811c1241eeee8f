import { createHash } from 'node:crypto';
import { canonicalJson } from '@sallyport/contracts';
import { digestOf, keyOf } from '@sallyport/tool-pins';
import type { Definition } from '@sallyport/tool-pins';
import type { Gate, ServerWords, Told } from './gate.ts';
import type { Journal } from './journal.ts';
import { pinChanges, sayChanges, findingsOf } from './pin-changes.ts';
import { changePins, pinKinds, type PinKind, type Pinned, type PinnedServer } from './pin-file.ts';
import { wordsOf } from './upstream.ts';

/**
 * No server: a file of pins decides. What is seen first is trusted; what changes afterwards is held back, with what changed, until
 * somebody approves it. Which calls are made is written down, and not judged: there are no policies here.
 */
export function createLocalGate({
  name,
  file,
  journal,
  nowMs,
  say,
}: {
  readonly name: string;
  readonly file: string;
  readonly journal: Journal;
  readonly nowMs: () => number;
  readonly say: (line: string) => void;
}): Gate {
  return {
    async tell(server) {
      const { told, lines } = await changePins(file, (pins) => {
        const kept = pins.get(name);
        const isMoved = kept !== undefined && (kept.target !== server.target || kept.transport !== server.transport);
        const isUnseen = (kind: PinKind): boolean => !isMoved && kept?.kinds.includes(kind) !== true;
        const toldNow = toldKinds(server);
        const first = toldNow.filter(isUnseen);
        // Instructions are told first of all: who is heard of without has none, and those that come later are new.
        const hasNone = isUnseen('instructions') && !toldNow.includes('instructions');
        const kinds: readonly PinKind[] = hasNone ? [...first, 'instructions'] : first;
        // What of it was never told of is seen for the first time now, and trusted as the rest was.
        const pin = kinds.length > 0 || kept === undefined ? firstSeen(kept, server, kinds, nowMs()) : kept;
        const now = nowOf(pin, server);
        const changes = pinChanges(pin, now);
        const value = {
          told: toldOf(server, pin),
          lines: [
            ...(first.length === 0
              ? []
              : [
                  `${first.join(', ').replaceAll('_', ' ')}: seen for the first time, and pinned`,
                  ...[...definitionsIn(server)]
                    .filter(([key]) => pin.definitions.has(key))
                    .flatMap(([, one]) => findingsOf(one)),
                ]),
            ...(changes.length === 0
              ? []
              : [
                  ...sayChanges(changes),
                  `what changed is held back until: sallyport-guard pins approve --local ${file} ${name}`,
                ]),
          ],
        };
        const waits = changes.some(({ kind }) => kind !== 'removed');
        const { waiting: _before, ...rest } = pin;
        const isNoted = waits ? pin.waiting !== undefined && isSame(pin.waiting, now) : pin.waiting === undefined;
        return isNoted && kinds.length === 0
          ? { value }
          : { pins: new Map([...pins, [name, waits ? { ...rest, waiting: now } : rest]]), value };
      });
      for (const line of lines) say(line);
      return told;
    },

    async judge({ kind, name: called, input }) {
      try {
        await journal.write({
          at: new Date(nowMs()).toISOString(),
          server: name,
          kind,
          name: called,
          verdict: 'allow',
          input: createHash('sha256').update(canonicalJson(input)).digest('hex'),
        });
        return { isLet: true, reason: '' };
      } catch (error) {
        return { isLet: false, reason: `Sallyport: the call cannot be written down (${wordsOf(error)})` };
      }
    },

    async finished({ kind, name: called }, { isSuccess, durationMs, task }) {
      try {
        const at = new Date(nowMs()).toISOString();
        const of = task === undefined ? {} : { task };
        await journal.write({ at, server: name, kind, name: called, isSuccess, durationMs, ...of });
        return {};
      } catch (error) {
        return { withheld: `Sallyport: the call ran, its result cannot be written down (${wordsOf(error)})` };
      }
    },

    async task({ kind, name: called }, { task, change, reason }) {
      try {
        const at = new Date(nowMs()).toISOString();
        const why = reason === undefined ? {} : { reason };
        await journal.write({ at, server: name, kind, name: called, task, change, ...why });
        return {};
      } catch (error) {
        return { withheld: `Sallyport: the task cannot be written down (${wordsOf(error)})` };
      }
    },

    standing: async () => ({}),

    async signIns(events) {
      for (const { change, atMs, server, issuer, scopes, reason } of events)
        await journal.write({
          at: new Date(atMs).toISOString(),
          kind: 'sign-in',
          change,
          server,
          issuer,
          scopes,
          ...(reason === undefined ? {} : { reason }),
        });
      return true;
    },

    async reached({ rate, refused, of }) {
      const at = new Date(nowMs()).toISOString();
      await journal.write({ at, server: name, kind: 'rate', rate, refused, ...(of === undefined ? {} : { of }) });
      return true;
    },

    close: async () => undefined,
  };
}

function definitionsIn({ tools = [], offers = {}, instructions }: ServerWords): Map<string, Definition> {
  const all = [...tools, ...Object.values(offers).flat(), ...(instructions === undefined ? [] : [instructions])];
  return new Map(all.map((one: Definition) => [keyOf(one), one]));
}

function toldKinds({ tools, offers = {}, instructions }: ServerWords): PinKind[] {
  return pinKinds.filter((kind) =>
    kind === 'tool' ? tools !== undefined : kind === 'instructions' ? instructions !== undefined : kind in offers,
  );
}

function ofKinds(all: ReadonlyMap<string, Definition>, kinds: readonly PinKind[]): [string, Definition][] {
  return [...all].filter(([, { kind }]) => kinds.includes(kind ?? 'tool'));
}

function firstSeen(
  kept: PinnedServer | undefined,
  server: ServerWords,
  kinds: readonly PinKind[],
  nowMs: number,
): PinnedServer {
  const { transport, target } = server;
  const pin = kept ?? { transport, target, definitions: new Map<string, Definition>(), kinds: [], sinceMs: nowMs };
  // What comes later, with something to look at, waits until somebody has looked.
  const seen = ofKinds(definitionsIn(server), kinds).filter(
    ([, one]) => kept === undefined || findingsOf(one).length === 0,
  );
  const withThem = <Part extends Pinned>(part: Part): Part => ({
    ...part,
    definitions: new Map([...part.definitions, ...seen]),
  });
  return {
    ...withThem(pin),
    kinds: [...pin.kinds, ...kinds],
    ...(pin.waiting === undefined ? {} : { waiting: withThem(pin.waiting) }),
  };
}

/** As it is now: what was not told of this time is as it was told of last. */
function nowOf(pin: PinnedServer, server: ServerWords): Pinned {
  const { transport, target } = server;
  const told = toldKinds(server);
  const others = pinKinds.filter((kind) => !told.includes(kind));
  const before = (pin.waiting ?? pin).definitions;
  return { transport, target, definitions: new Map([...ofKinds(before, others), ...definitionsIn(server)]) };
}

function toldOf(server: ServerWords, pin: Pinned): Told {
  const isMoved = server.target !== pin.target || server.transport !== pin.transport;
  const verdict = (one: Definition): { isLet: boolean; reason: string; isNew?: true } => {
    const pinned = pin.definitions.get(keyOf(one));
    if (pinned === undefined) return { isLet: false, reason: 'it is new, and nobody approved it', isNew: true };
    const isLet = digestOf(pinned) === digestOf(one);
    return { isLet, reason: isLet ? '' : 'it has changed, and nobody approved that' };
  };
  const all = [...definitionsIn(server).values()];
  return {
    isApproved: !isMoved,
    reason: 'the server is not the one that was pinned under this name',
    tools: new Map(all.filter(({ kind }) => kind === undefined).map((tool) => [tool.name, verdict(tool)])),
    offers: new Map(all.filter(({ kind }) => kind !== undefined).map((offer) => [keyOf(offer), verdict(offer)])),
  };
}

function isSame(a: Pinned, b: Pinned): boolean {
  return pinChanges(a, b).length === 0;
}
