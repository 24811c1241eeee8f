import { createHash } from 'node:crypto';
import { canonicalJson } from '@sallyport/contracts';
import { digestOf } from '@sallyport/tool-pins';
import type { Gate, ServerWords, Told } from './gate.ts';
import type { Journal } from './journal.ts';
import { pinChanges, sayChanges, findingsOf } from './pin-changes.ts';
import { changePins, type Pinned } from './pin-file.ts';
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
      const now = pinnedOf(server);
      const { told, lines } = await changePins(file, (pins) => {
        const pin = pins.get(name);
        if (pin === undefined)
          return {
            pins: new Map([...pins, [name, { ...now, sinceMs: nowMs() }]]),
            value: {
              told: toldOf(server, now),
              lines: ['seen for the first time, and pinned', ...server.tools.flatMap((tool) => findingsOf(tool))],
            },
          };
        const changes = pinChanges(pin, now);
        const value = {
          told: toldOf(server, pin),
          lines:
            changes.length === 0
              ? []
              : [
                  ...sayChanges(changes),
                  `what changed is held back until: sallyport-guard pins approve --local ${file} ${name}`,
                ],
        };
        const waits = changes.some(({ kind }) => kind !== 'removed');
        const { waiting: _before, ...kept } = pin;
        const isNoted = waits ? pin.waiting !== undefined && isSame(pin.waiting, now) : pin.waiting === undefined;
        return isNoted
          ? { value }
          : { pins: new Map([...pins, [name, waits ? { ...kept, waiting: now } : kept]]), value };
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

    async finished({ kind, name: called }, { isSuccess, durationMs }) {
      try {
        const at = new Date(nowMs()).toISOString();
        await journal.write({ at, server: name, kind, name: called, isSuccess, durationMs });
        return {};
      } catch (error) {
        return { withheld: `Sallyport: the call ran, its result cannot be written down (${wordsOf(error)})` };
      }
    },

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

    close: async () => undefined,
  };
}

function pinnedOf({ transport, target, tools }: ServerWords): Pinned {
  return { transport, target, tools: new Map(tools.map((tool) => [tool.name, tool])) };
}

function toldOf(server: ServerWords, pin: Pinned): Told {
  const isMoved = server.target !== pin.target || server.transport !== pin.transport;
  return {
    isApproved: !isMoved,
    reason: 'the server is not the one that was pinned under this name',
    tools: new Map(
      server.tools.map((tool) => {
        const pinned = pin.tools.get(tool.name);
        if (pinned === undefined) return [tool.name, { isLet: false, reason: 'it is new, and nobody approved it' }];
        const isLet = digestOf(pinned) === digestOf(tool);
        return [tool.name, { isLet, reason: isLet ? '' : 'it has changed, and nobody approved that' }];
      }),
    ),
  };
}

function isSame(a: Pinned, b: Pinned): boolean {
  return pinChanges(a, b).length === 0;
}
