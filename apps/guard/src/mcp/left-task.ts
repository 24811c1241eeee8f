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

/**
 * As it lies on disk: of its arguments nothing can be read there, and until when it is left to its run anybody can. `seal`: of the run that
 * may go on with it.
 */
export function writtenTask(
  { going, ...task }: LeftTask,
  { name, seal }: { readonly name: string; readonly seal: TaskSeal | undefined },
): JsonObject {
  if (going === undefined || seal === undefined) return task;
  const { untilMs, ...kept } = going;
  const sealed = seal.seal(kept, { ...task, untilMs, name });
  return sealed.length > longestSealed ? task : { ...task, untilMs, sealed };
}

/** Until when the run that left them may go on with one of them. Never throws. */
export function leftToRunUntilMs(text: string): number {
  return Math.max(
    0,
    ...listed(text).flatMap((one) =>
      isJsonObject(one) && typeof one['sealed'] === 'string' && typeof one['untilMs'] === 'number'
        ? [one['untilMs']]
        : [],
    ),
  );
}

/** Never throws: what cannot be read was nobody's task, and what was sealed by another run or changed is not gone on with. */
export function leftTasksIn(
  text: string,
  of: { readonly name: string; readonly seal: TaskSeal | undefined },
): LeftTask[] {
  return listed(text).flatMap((one) => (isJsonObject(one) ? taskIn(one, of) : []));
}

function listed(text: string): readonly JsonValue[] {
  try {
    return itemsOf(parseJson(text)).slice(0, maxTasks);
  } catch {
    return [];
  }
}

function taskIn(
  one: JsonObject,
  { name, seal }: { readonly name: string; readonly seal: TaskSeal | undefined },
): LeftTask[] {
  const { digest, session, sealed, untilMs } = one;
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
  if (seal === undefined || typeof sealed !== 'string' || sealed.length > longestSealed || typeof untilMs !== 'number')
    return [task];
  const going = goingIn(seal.open(sealed, { ...task, untilMs, name }), untilMs);
  return [{ ...task, ...(going === undefined ? {} : { going }) }];
}

function goingIn(kept: JsonObject | undefined, untilMs: number): GoingOn | undefined {
  const { input, atMs, pollMs }: JsonObject = kept ?? {};
  if (!isJsonObject(input) || typeof atMs !== 'number') return undefined;
  return { input, atMs, untilMs, ...(typeof pollMs === 'number' ? { pollMs } : {}) };
}
