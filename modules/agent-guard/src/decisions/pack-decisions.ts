import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { createDecisions } from './decide.ts';
import type { Decisions } from './decide.ts';
import { loadPack } from './load-pack.ts';
import type { PackFile } from './load-pack.ts';
import { packNames } from './pack-names.ts';
import type { Pack } from './pack-names.ts';

export type PackDecisions = ReadonlyMap<Pack, Decisions>;

/** Every pack, ready to decide. Throws `agent_pack_invalid`: a server does not start without one of them. */
export function loadPackDecisions(files: readonly PackFile[]): PackDecisions {
  return new Map(packNames.map((pack) => [pack, createDecisions(cedar, loadPack(cedar, files, pack))]));
}
