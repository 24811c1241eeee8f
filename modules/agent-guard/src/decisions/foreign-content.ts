import { createHash } from 'node:crypto';
import type { ActionsOfCall } from '@sallyport/agent-actions';
import type { FlowCall } from '@sallyport/information-flow';
import { bringsForeign, isOfProject } from './of-project.ts';

/** Whether anything came in from outside the project. What the project's own files say is what the person works on. */
export type ForeignContent = {
  /** A call with what was read of it, if its tool is one we know. */
  judged(call: FlowCall, parsed: ActionsOfCall | undefined): void;
  /** Also where what it brought may never be told, and whatever is thought of who answers: a directory holds names that people chose. */
  answered(call: FlowCall): void;
  /** Something that no call asked for. */
  cameIn(): void;
  /** Before the call, or by what else the call itself does: `git pull && npm test`. */
  sawForeign(parsed?: ActionsOfCall): boolean;
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
    sawForeign: (parsed) => hasCome || (parsed !== undefined && bringsForeign(parsed)),
  };
}

/** A call is told of once more when it is done, not always under the same id. */
function keyOf({ tool, input }: FlowCall): string {
  return createHash('sha256')
    .update(JSON.stringify([tool.name, input]))
    .digest('base64');
}
