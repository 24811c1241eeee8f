import { isJsonObject, itemsOf, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { TaskSeal } from './task-seal.ts';

/** A task that a gateway had under way when it ended. */
export type LeftTask = {
  readonly id: string;
  readonly theirs: string;
  /** Of the server that has it. */
  readonly target: string;
  readonly callId: string;
  readonly tool: string;
  readonly digest?: string;
  readonly session?: string;
  /** There where its run can go on with it. */
  readonly going?: GoingOn;
};

/** What the gateway after this one needs to go on with it: what it brings is labelled by what was asked. */
export type GoingOn = {
  readonly input: JsonObject;
  readonly atMs: number;
  readonly untilMs: number;
  readonly pollMs?: number;
};

const maxTasks = 1000;
/** What the record takes: what is longer was written by nobody of ours. */
const longest = { theirs: 1024, target: 4096, tool: 256, digest: 100, session: 64 } as const;
/** What is longer is not gone on with. */
export const longestSealed = 64 * 1024;

/** As it lies on disk: of its arguments nothing can be read there. `seal`: of the run that may go on with it. */
export function writtenTask(
  { going, ...task }: LeftTask,
  { name, seal }: { readonly name: string; readonly seal: TaskSeal | undefined },
): JsonObject {
  if (going === undefined || seal === undefined) return task;
  const sealed = seal.seal({ ...going }, { ...task, name });
  return sealed.length > longestSealed ? task : { ...task, sealed };
}

/** Never throws: what cannot be read was nobody's task, and what was sealed by another run or changed is not gone on with. */
export function leftTasksIn(
  text: string,
  of: { readonly name: string; readonly seal: TaskSeal | undefined },
): LeftTask[] {
  let written: JsonValue;
  try {
    written = parseJson(text);
  } catch {
    return [];
  }
  return itemsOf(written)
    .slice(0, maxTasks)
    .flatMap((one) => (isJsonObject(one) ? taskIn(one, of) : []));
}

function taskIn(
  one: JsonObject,
  { name, seal }: { readonly name: string; readonly seal: TaskSeal | undefined },
): LeftTask[] {
  const { digest, session, sealed } = one;
  const [id, theirs, target, callId, tool] = ['id', 'theirs', 'target', 'callId', 'tool'].map((field) =>
    textOf(one[field]),
  );
  if (id === undefined || theirs === undefined || target === undefined || callId === undefined || tool === undefined)
    return [];
  if (!/^[\w-]{8,64}$/.test(id) || !/^[\w-]{8,64}$/.test(callId) || theirs === '' || tool === '') return [];
  if (Object.entries(longest).some(([field, most]) => textOf(one[field]).length > most)) return [];
  const task = {
    id,
    theirs,
    target,
    callId,
    tool,
    ...(typeof digest === 'string' ? { digest } : {}),
    ...(typeof session === 'string' ? { session } : {}),
  };
  const isSealed = seal !== undefined && typeof sealed === 'string' && sealed.length <= longestSealed;
  const going = isSealed ? goingIn(seal.open(sealed, { ...task, name })) : undefined;
  return [{ ...task, ...(going === undefined ? {} : { going }) }];
}

function goingIn(kept: JsonObject | undefined): GoingOn | undefined {
  const { input, atMs, untilMs, pollMs }: JsonObject = kept ?? {};
  if (!isJsonObject(input) || typeof atMs !== 'number' || typeof untilMs !== 'number') return undefined;
  return { input, atMs, untilMs, ...(typeof pollMs === 'number' ? { pollMs } : {}) };
}
