import type { AgentVerdict, JsonObject } from '@sallyport/contracts';
import { createDecisions, loadPack, type PackFile } from '../decisions/index.ts';
import { createOpenJudge } from '../judging/open-judge.ts';
import { isPack } from '../sessions/agent.ts';
import type { Harness, Pack } from '../sessions/agent.ts';
import { readEngine } from './read-engine.ts';

/** What a pack says to a call by itself, that nobody asked for. */
export type CallJudge = (asked: {
  readonly harness: Harness;
  readonly tool: string;
  readonly input: JsonObject;
  readonly workspace: string;
  readonly home: string;
  /** Words of others came in before. */
  readonly isTainted: boolean;
}) => { readonly verdict: AgentVerdict; readonly reason: string };

/** Offline; Cedar is read only now. Throws `agent_pack_invalid`. */
export async function loadCallJudge(files: readonly PackFile[], name: string): Promise<CallJudge> {
  const cedar = await readEngine();
  const decisions = createDecisions(cedar, loadPack(cedar, files, name));
  const pack: Pack = isPack(name) ? name : 'locked-down';
  const open = createOpenJudge(new Map([[pack, decisions]]));
  return ({ harness, tool, input, workspace, home, isTainted }) => {
    const facts = { workspace, home, isAttended: true };
    const judge = open({ pack, harness, facts, isForgotten: isTainted, mark: 'offline' });
    const { verdict, reason } = judge.judge({ id: '1', tool, input, cwd: workspace }, undefined);
    return { verdict, reason };
  };
}

/** Whether policies fit the schema of the packs. Throws `agent_pack_invalid`. */
export async function checkPolicies(files: readonly PackFile[], name: string, text: string): Promise<void> {
  loadPack(await readEngine(), [...files, { name: `${name}.cedar`, text }], name);
}
