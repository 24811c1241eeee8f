import { isJsonObject, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { describeTool } from '@sallyport/information-flow';
import { subjectOf } from '../decisions/index.ts';
import type { Decisions, DecisionTool } from '../decisions/index.ts';

/** What came back from a call, as the ledger tells of it: whose words, and which kinds of secrets and personal data stood in it; never a value. */
export type PastAnswer = {
  readonly tool: DecisionTool;
  readonly harness: string;
  readonly isAttended: boolean;
  readonly secrets: readonly string[];
  readonly personal: readonly string[];
};

/** How an answer would be read: whether it is trusted, and which kinds in it would be tokens in place of what stands there: `secret aws-key`. */
export type ReadAgain = { readonly isTrusted: boolean; readonly hidden: readonly string[] };

/** Out of the event of a call that ended; undefined where it does not say of what tool. */
export function readPastAnswer(event: JsonObject): PastAnswer | undefined {
  const said = objectAt(objectAt(objectAt(event, 'unmapped'), 'sallyport'), 'agent');
  const [tool, harness] = [textOf(said['tool']), textOf(said['harness'])];
  if (tool === '' || harness === '') return undefined;
  return {
    tool: { name: tool, ...(typeof said['server'] === 'string' ? { server: said['server'] } : {}) },
    harness,
    isAttended: said['is_attended'] === true,
    secrets: textsOf(said['secret_kinds']),
    personal: textsOf(said['personal_kinds']),
  };
}

/**
 * What a tool answers is told from its name, as it stands in the record: what an approved description says beside is not there. A kind counts as
 * hidden where it would be at either confidence, which is not there either.
 */
export function readAgain(
  { tool, harness, isAttended, secrets, personal }: PastAnswer,
  decisions: Pick<Decisions, 'trusts' | 'reveals' | 'pack'>,
): ReadAgain {
  const subject = subjectOf({ isAttended, harness, pack: decisions.pack });
  const found = [
    ...secrets.map((kind) => ({ class: 'secret', kind }) as const),
    ...personal.map((kind) => ({ class: 'personal', kind }) as const),
  ];
  return {
    isTrusted: decisions.trusts(tool, describeTool({ name: tool.name }).answers, subject),
    hidden: found
      .filter((one) =>
        ['medium', 'high'].some((confidence) => !decisions.reveals(tool, { ...one, confidence }, subject)),
      )
      .map((one) => `${one.class} ${one.kind}`),
  };
}

function objectAt(parent: JsonObject, name: string): JsonObject {
  const value = parent[name];
  return isJsonObject(value) ? value : {};
}
