import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { messageOf } from '@sallyport/platform/errors';
import { createDecisions, createRefusal } from './decide.ts';
import type { Decisions } from './decide.ts';
import { filesOf, loadPack } from './load-pack.ts';
import type { PackFile } from './load-pack.ts';
import { packNames } from './pack-names.ts';
import type { Pack } from './pack-names.ts';

export type PackDecisions = ReadonlyMap<Pack, Decisions>;

/**
 * Every pack, ready to decide. Cedar is given one when it is first asked: all of them are a fifth of a second of every start, and most servers
 * ask one or none. Throws `agent_pack_invalid` where a file of one is missing: a server does not start without it. A pack that Cedar does
 * not take denies everything.
 */
export function loadPackDecisions(files: readonly PackFile[]): PackDecisions {
  for (const pack of packNames) filesOf(files, pack);
  return new Map(packNames.map((pack) => [pack, loadedWhenAsked(files, pack)]));
}

function loadedWhenAsked(files: readonly PackFile[], pack: Pack): Decisions {
  let loaded: Decisions | undefined;
  const decisions = (): Decisions => (loaded ??= load(files, pack));
  return {
    pack,
    get policies() {
      return decisions().policies;
    },
    decide: (question) => decisions().decide(question),
    trusts: (...asked) => decisions().trusts(...asked),
    reveals: (...asked) => decisions().reveals(...asked),
  };
}

function load(files: readonly PackFile[], pack: Pack): Decisions {
  try {
    return createDecisions(cedar, loadPack(cedar, files, pack));
  } catch (error) {
    return createRefusal(pack, messageOf(error));
  }
}
