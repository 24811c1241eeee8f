import type { Gate } from './gate.ts';
import type { TaskFile } from './task-file.ts';

/** What gateways before this one left under way: told of, and taken back where that can be. */
type LeftTasks = {
  tell(): Promise<void>;
  /** Whether something could not be told yet. */
  isUntold(): boolean;
};

export function createLeftTasks({
  gate,
  file,
  target,
  cancelThere,
  say,
}: {
  readonly gate: Pick<Gate, 'task'>;
  readonly file?: Pick<TaskFile, 'takeLeft'>;
  readonly target: string;
  /** There where this server may still have what it was asked for before: one that is a program of its gateway ended with it. */
  readonly cancelThere?: (theirs: string) => Promise<void>;
  readonly say: (line: string) => void;
}): LeftTasks {
  const untold: { readonly tasks: Parameters<TaskFile['keep']>[0][]; readonly told: () => void }[] = [];
  return {
    isUntold: () => untold.length > 0,
    async tell() {
      untold.push(...(file?.takeLeft() ?? []).map((one) => ({ ...one, tasks: [...one.tasks] })));
      for (const one of untold.splice(0)) {
        const rest: typeof one.tasks = [];
        for (const left of one.tasks) {
          const isHere = left.target === target && cancelThere !== undefined;
          if (isHere) await cancelThere(left.theirs);
          const { withheld } = await gate.task(
            {
              id: left.callId,
              kind: 'tool',
              name: left.tool,
              input: {},
              ...(left.digest === undefined ? {} : { digest: left.digest }),
            },
            {
              task: left.id,
              change: 'abandoned',
              reason: `the gateway was ended while it went on${isHere ? '; its server was asked to end it' : ''}${
                left.session === undefined ? '' : `; run ${left.session}`
              }`,
            },
          );
          if (withheld !== undefined) rest.push(left);
          else say(`task ${left.id} of "${left.tool}" was abandoned when the gateway before this one ended`);
        }
        if (rest.length === 0) one.told();
        else untold.push({ tasks: rest, told: one.told });
      }
    },
  };
}
