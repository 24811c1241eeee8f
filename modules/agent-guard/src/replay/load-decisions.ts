import { createDecisions, loadPack, type Decisions, type PackFile } from '../decisions/index.ts';
import { readEngine } from './read-engine.ts';

/** Throws `agent_pack_invalid`. */
export async function loadDecisions(files: readonly PackFile[], pack: string): Promise<Decisions> {
  const cedar = await readEngine();
  return createDecisions(cedar, loadPack(cedar, files, pack));
}
