import { createHash } from 'node:crypto';
import type { ActionsOfCall, AgentAction } from '@sallyport/agent-actions';
import type { FlowCall } from '@sallyport/information-flow';

/** Whether anything came in from outside the project. What the project's own files say is what the person works on. */
export type ForeignContent = {
  /** A call with what was read of it, if its tool is one we know. */
  judged(call: FlowCall, parsed: ActionsOfCall | undefined): void;
  /** Also where what it brought may never be told. */
  answered(call: FlowCall): void;
  /** Something that no call asked for. */
  cameIn(): void;
  sawForeign(): boolean;
};

const maxCalls = 500;

export function createForeignContent(): ForeignContent {
  const own = new Set<string>();
  let hasCome = false;
  return {
    judged(call, parsed) {
      const key = keyOf(call);
      own.delete(key);
      if (parsed === undefined || !isOfProject(parsed)) return;
      // What was pushed out counts as foreign.
      if (own.size >= maxCalls) own.delete(own.values().next().value ?? '');
      own.add(key);
    },
    answered(call) {
      if (!hasCome && !own.has(keyOf(call))) hasCome = true;
    },
    cameIn() {
      hasCome = true;
    },
    sawForeign: () => hasCome,
  };
}

/** A call is told of once more when it is done, not always under the same id. */
function keyOf({ tool, input }: FlowCall): string {
  return createHash('sha256')
    .update(JSON.stringify([tool.name, input]))
    .digest('base64');
}

/** All it does is known, and stays in the workspace, or runs what the project says. */
function isOfProject({ actions, refusals }: ActionsOfCall): boolean {
  return refusals.length === 0 && actions.length > 0 && actions.every(isOwn);
}

function isOwn({ kind, target, isCertain, doubt }: AgentAction): boolean {
  if (!isCertain && doubt !== 'project_code') return false;
  if (kind === 'network' || kind === 'message' || kind === 'pay' || kind === 'other')
    return target.kind === 'host' && target.classes.includes('loopback');
  if (target.kind === 'path') return target.classes.includes('workspace') || kind !== 'read';
  // `git fetch` and `gh pr view` bring what others wrote; a program that only looks at files is told of with them.
  return (
    target.kind !== 'program' ||
    !/^(?:git (?:fetch|pull|clone|ls-remote|remote)|gh|glab|kubectl|helm|docker|curl|wget)\b/.test(target.name)
  );
}
