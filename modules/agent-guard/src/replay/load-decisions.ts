import { createDecisions, loadPack, type Decisions, type PackFile } from '../decisions/index.ts';

/** Cedar is four megabytes: it is read when somebody replays, not when a program starts. Throws `agent_pack_invalid`. */
export async function loadDecisions(files: readonly PackFile[], pack: string): Promise<Decisions> {
  const cedar = await import('@cedar-policy/cedar-wasm/nodejs');
  return createDecisions(cedar, loadPack(cedar, files, pack));
}
