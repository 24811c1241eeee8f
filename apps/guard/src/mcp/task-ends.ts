import type { AgentTaskChange } from '@sallyport/contracts';
import type { Gate, GatedCall } from './gate.ts';

/** What became of a task that brings nothing any more. */
export type TaskEnd = {
  readonly call: GatedCall;
  readonly task: string;
  readonly change: AgentTaskChange;
  readonly reason: string;
  /** It stands in the record. */
  readonly told: () => void;
};

/**
 * Ends of tasks, each told until somebody heard it: what could not be told is told again, less and less often while nobody hears. Where the
 * process ends before that, it is the gateway after it that tells.
 */
export type TaskEnds = {
  /** Never rejects. */
  tell(end: TaskEnd): Promise<void>;
  /** Whether something was not heard yet. */
  isUntold(): boolean;
  /** To be called with each beat. Never rejects. */
  tellAgain(): Promise<void>;
};

/** Beyond that it is left to the gateway after this one. */
const most = 1000;
const mostBeats = 64;

/** `untold`: of all who tell in this process, for whoever is here to tell it; `missed`: there is one more. */
export function createTaskEnds({
  gate,
  say,
  untold,
  missed,
}: {
  readonly gate: Pick<Gate, 'task'>;
  readonly say: (line: string) => void;
  readonly untold: TaskEnd[];
  readonly missed: () => void;
}): TaskEnds {
  let telling = 0;
  let pauseBeats = 1;
  let leftBeats = 0;

  /** Why nobody heard it. */
  async function tried({ call, task, change, reason, told }: TaskEnd): Promise<string | undefined> {
    telling += 1;
    try {
      const { withheld, isUnheard } = await gate.task(call, { task, change, reason });
      if (withheld !== undefined || isUnheard === true) return withheld ?? 'nobody heard what became of it';
    } catch (error) {
      return `what became of it cannot be told: ${String(error)}`;
    } finally {
      telling -= 1;
    }
    try {
      told();
    } catch (error) {
      // It was heard all the same: told once more it would stand in the record twice.
      say(`task ${task}: ${String(error)}`);
    }
    return undefined;
  }

  async function tell(end: TaskEnd): Promise<void> {
    const no = await tried(end);
    if (no === undefined) return;
    say(`task ${end.task}: ${no}`);
    // What it was asked for says nothing of its end.
    if (untold.length >= most) return;
    untold.push({ ...end, call: { ...end.call, input: {} } });
    missed();
  }

  return {
    tell,
    isUntold: () => untold.length > 0 || telling > 0,
    async tellAgain() {
      if (telling > 0 || (leftBeats -= 1) > 0) return;
      // Who does not hear the first does not hear the others; and the first may be one that is heard by nobody.
      for (let end = untold.shift(); end !== undefined; end = untold.shift()) {
        if ((await tried(end)) !== undefined) {
          untold.push(end);
          leftBeats = pauseBeats;
          pauseBeats = Math.min(mostBeats, pauseBeats * 2);
          missed();
          return;
        }
        pauseBeats = 1;
      }
    },
  };
}
