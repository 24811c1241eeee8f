import { engine } from '@sallyport/access-policy';
import { messageOf } from '@sallyport/platform/errors';
import { createDecisions, createRefusal } from './decide.ts';
import type { Decisions } from './decide.ts';
import { filesOf, loadPack } from './load-pack.ts';
import type { Cedar, PackFile } from './load-pack.ts';
import { packNames } from './pack-names.ts';
import type { Pack } from './pack-names.ts';

export type PackDecisions = ReadonlyMap<Pack, Decisions>;

/**
 * Every pack, ready to decide. Cedar is given one when it is first asked: all of them are a fifth of a second of every start, and most servers
 * ask one or none. Throws `agent_pack_invalid` where a file of one is missing: a server does not start without it. A pack that Cedar does
 * not take denies everything, which `onTrouble` is told, and is tried again when it is asked a minute later.
 */
export function loadPackDecisions(files: readonly PackFile[], needs: PackNeeds = {}): PackDecisions {
  for (const pack of packNames) filesOf(files, pack);
  return new Map(packNames.map((pack) => [pack, loadedWhenAsked(files, pack, needs)]));
}

type PackNeeds = {
  readonly cedar?: Cedar;
  readonly nowMs?: () => number;
  readonly onTrouble?: (pack: Pack, error: unknown) => void;
};

/** Reading a pack takes the time of many calls: one that is broken is not read with each. */
const againAfterMs = 60_000;

function loadedWhenAsked(
  files: readonly PackFile[],
  pack: Pack,
  { cedar = engine, nowMs = () => performance.now(), onTrouble }: PackNeeds,
): Decisions {
  let loaded: Decisions | undefined;
  let refusal: { readonly decisions: Decisions; readonly untilMs: number } | undefined;
  const decisions = (): Decisions => {
    if (loaded !== undefined) return loaded;
    if (refusal !== undefined && nowMs() < refusal.untilMs) return refusal.decisions;
    try {
      loaded = createDecisions(cedar, loadPack(cedar, files, pack));
      refusal = undefined;
      return loaded;
    } catch (error) {
      refusal = { decisions: createRefusal(pack, messageOf(error)), untilMs: nowMs() + againAfterMs };
      onTrouble?.(pack, error);
      return refusal.decisions;
    }
  };
  return {
    pack,
    get policies() {
      return decisions().policies;
    },
    whyUnreadable: () => decisions().whyUnreadable(),
    decide: (question) => decisions().decide(question),
    trusts: (...asked) => decisions().trusts(...asked),
    reveals: (...asked) => decisions().reveals(...asked),
  };
}
