import { setTimeout as delay } from 'node:timers/promises';
import type { AgentTaskChange } from '@sallyport/contracts';
import type { Gate, GatedCall } from './gate.ts';
import type { LeftTask } from './left-task.ts';
import type { TaskFile } from './task-file.ts';
import type { WaitingTask } from './waiting-tasks.ts';

/**
 * What gateways before this one left under way. What its run can go on with waits here for its client, and is looked after meanwhile; all
 * else is told of, and taken back where that can be.
 */
export type LeftTasks = {
  tell(): Promise<void>;
  /** Whether something could not be told yet. */
  isUntold(): boolean;
  /** One that its client asks for, by our id: it is theirs now, and nobody else's. Waits while the gateway that had it may still live. */
  take(id: string, signal?: AbortSignal): Promise<WaitingTask | undefined>;
  /** It cannot be had now. */
  putBack(task: WaitingTask): void;
  waiting(): readonly WaitingTask[];
  /** Nobody asked for it, and nothing comes of it any more. */
  giveUp(task: WaitingTask, change: AgentTaskChange, reason: string): Promise<void>;
  /** Nobody is here any more who could be asked. What waits ends with the last of this process. */
  leave(reason: string): Promise<void>;
};

/** So that a file that may be taken then, may. */
const marginMs = 100;

export function createLeftTasks({
  gate,
  file,
  target,
  goesOn,
  cancelThere,
  settled,
  say,
}: {
  readonly gate: Pick<Gate, 'task'>;
  readonly file?: Pick<TaskFile, 'takeLeft' | 'takenInMs' | 'drop' | 'waiting'>;
  readonly target: string;
  /** Whether the server still has what it was asked for before: one that is a program of its gateway ended with it. */
  readonly goesOn: boolean;
  /** Whether the server can be asked to. */
  readonly cancelThere: (theirs: string) => Promise<boolean>;
  /** What stands in the record is not kept any more. */
  readonly settled: (id: string) => void;
  readonly say: (line: string) => void;
}): LeftTasks {
  const untold: { readonly tasks: LeftTask[]; readonly told: () => void }[] = [];
  const leave = file?.waiting.join();
  const waiting = (): readonly WaitingTask[] => file?.waiting.all(target) ?? [];

  async function abandon(left: LeftTask): Promise<boolean> {
    const isAsked = goesOn && left.target === target && (await cancelThere(left.theirs));
    const asked = isAsked ? '; its server was asked to end it' : '';
    const run = left.session === undefined ? '' : `; run ${left.session}`;
    const { withheld, isUnasked } = await gate.task(callOfLeft(left), {
      task: left.id,
      change: 'abandoned',
      reason: `the gateway was ended while it went on${asked}${run}`,
    });
    if (withheld !== undefined || isUnasked === true) return false;
    say(`task ${left.id} of "${left.tool}" was abandoned when the gateway before this one ended`);
    return true;
  }

  async function tell(): Promise<void> {
    const found = file?.takeLeft(goesOn ? target : undefined) ?? [];
    untold.push(...found.map((one) => ({ ...one, tasks: [...one.tasks] })));
    for (const one of untold.splice(0)) {
      const rest: LeftTask[] = [];
      for (const left of one.tasks) if (!(await abandon(left))) rest.push(left);
      if (rest.length === 0) one.told();
      else untold.push({ tasks: rest, told: one.told });
    }
  }

  async function giveUp(task: WaitingTask, change: AgentTaskChange, reason: string): Promise<void> {
    // Another of this process may look after it in the same moment, or its client have it by now.
    if (file?.waiting.take(task.id, target) === undefined) return;
    const [, { withheld, isUnasked }] = await Promise.all([
      cancelThere(task.theirs),
      gate.task(callOfLeft(task), { task: task.id, change, reason }),
    ]);
    // What nobody heard is told by the gateway after this one.
    if (withheld === undefined && isUnasked !== true) settled(task.id);
    else say(`task ${task.id}: ${withheld ?? 'nobody heard what became of it'}`);
  }

  return {
    tell,
    isUntold: () => untold.length > 0,
    async take(id, signal) {
      if (file === undefined || !goesOn) return undefined;
      const there = file.waiting.take(id, target);
      if (there !== undefined) return there;
      const inMs = file.takenInMs(id);
      if (inMs === undefined) return undefined;
      await delay(inMs + marginMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
      if (signal?.aborted === true) return undefined;
      await tell();
      return file.waiting.take(id, target);
    },
    putBack: (task) => void file?.waiting.add(task),
    waiting,
    giveUp,
    async leave(reason) {
      if (leave?.() === true) await Promise.all(waiting().map((task) => giveUp(task, 'abandoned', reason)));
    },
  };
}

/** The call as it was judged when the task began. */
export function callOfLeft({ callId, tool, digest, going }: LeftTask): GatedCall {
  return {
    id: callId,
    kind: 'tool',
    name: tool,
    input: going?.input ?? {},
    ...(digest === undefined ? {} : { digest }),
  };
}
