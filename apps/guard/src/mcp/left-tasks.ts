import { setTimeout as delay } from 'node:timers/promises';
import type { AgentTaskChange } from '@sallyport/contracts';
import type { GatedCall } from './gate.ts';
import type { LeftTask } from './left-task.ts';
import type { TaskEnds } from './task-ends.ts';
import type { TaskFile } from './task-file.ts';
import type { WaitingTask } from './waiting-tasks.ts';

/**
 * What gateways before this one left under way. What its run can go on with waits here for its client, and is looked after meanwhile; all
 * else is told of, and taken back where that can be.
 */
export type LeftTasks = {
  tell(): Promise<void>;
  /** One that its client asks for, by our id: it is theirs now, and nobody else's. Waits while the gateway that had it may still live. */
  take(id: string, signal?: AbortSignal): Promise<WaitingTask | undefined>;
  /** It cannot be had now. */
  putBack(task: WaitingTask): void;
  /** It is looked after as any other of its client's, or is over. */
  goesOn(task: WaitingTask): void;
  waiting(): readonly WaitingTask[];
  /** Nobody asked for it, and nothing comes of it any more. */
  giveUp(task: WaitingTask, change: AgentTaskChange, reason: string): Promise<void>;
  /** Nobody is here any more who could be asked. What waits ends with the last of this process. */
  leave(reason: string): Promise<void>;
};

/** So that a file that may be taken then, may. */
const marginMs = 100;

export function createLeftTasks({
  ends,
  file,
  target,
  goesOn,
  cancelThere,
  settled,
  wake,
  ended,
  say,
}: {
  readonly ends: Pick<TaskEnds, 'tell'>;
  readonly file?: Pick<TaskFile, 'takeLeft' | 'takenInMs' | 'waiting'>;
  readonly target: string;
  /** Whether the server still has what it was asked for before: one that is a program of its gateway ended with it. */
  readonly goesOn: boolean;
  /** Whether the server can be asked to. */
  readonly cancelThere: (theirs: string) => Promise<boolean>;
  /** What stands in the record is not kept any more. */
  readonly settled: (id: string) => void;
  /** What waits may be looked after by nobody else. */
  readonly wake: () => void;
  /** Nothing is taken any more. */
  readonly ended: AbortSignal;
  readonly say: (line: string) => void;
}): LeftTasks {
  const leave = file?.waiting.join(wake);
  const waiting = (): readonly WaitingTask[] => file?.waiting.all(target) ?? [];

  /** Its server is asked once, however often it has to be told. */
  async function abandon(left: LeftTask, told: () => void): Promise<void> {
    const isAsked = goesOn && left.target === target && (await cancelThere(left.theirs));
    const asked = isAsked ? '; its server was asked to end it' : '';
    const run = left.session === undefined ? '' : `; run ${left.session}`;
    await ends.tell({
      call: callOfLeft(left),
      task: left.id,
      change: 'abandoned',
      reason: `the gateway was ended while it went on${asked}${run}`,
      told() {
        say(`task ${left.id} of "${left.tool}" was abandoned when the gateway before this one ended`);
        told();
      },
    });
  }

  async function tell(): Promise<void> {
    if (ended.aborted) return;
    for (const { tasks, told } of file?.takeLeft(goesOn ? target : undefined) ?? []) {
      const rest = new Set(tasks);
      if (rest.size === 0) told();
      for (const left of tasks)
        await abandon(left, () => {
          rest.delete(left);
          if (rest.size === 0) told();
        });
    }
  }

  async function giveUp(task: WaitingTask, change: AgentTaskChange, reason: string): Promise<void> {
    // Another of this process may look after it in the same moment, or its client have it by now.
    if (file?.waiting.take(task.id, target) === undefined) return;
    file.waiting.goesOn(task.id);
    await Promise.all([
      cancelThere(task.theirs),
      ends.tell({ call: callOfLeft(task), task: task.id, change, reason, told: () => settled(task.id) }),
    ]);
  }

  return {
    tell,
    async take(id, signal) {
      if (file === undefined || !goesOn || ended.aborted) return undefined;
      const there = file.waiting.take(id, target);
      if (there !== undefined) return there;
      const inMs = file.takenInMs(id);
      if (inMs === undefined) return undefined;
      const over = signal === undefined ? ended : AbortSignal.any([signal, ended]);
      await delay(inMs + marginMs, undefined, { signal: over }).catch(() => undefined);
      if (over.aborted) return undefined;
      await tell();
      return over.aborted ? undefined : file.waiting.take(id, target);
    },
    putBack(task) {
      if (file?.waiting.putBack(task) === false)
        void giveUp(task, 'abandoned', 'nobody is there any more who could ask for it');
    },
    goesOn: ({ id }) => file?.waiting.goesOn(id),
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
