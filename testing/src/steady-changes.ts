import { setTimeout as delay } from 'node:timers/promises';
import type { ServerUnderTest } from './server-under-test.ts';

export type SteadyChanges = {
  /** Names of keys whose creation was answered with 201. */
  readonly created: readonly string[];
  /** Names of keys asked for without an answer. */
  readonly unknown: readonly string[];
  stop(): Promise<void>;
};

/** Changes to control data beside the load: keys are created one after another, each asked for once. */
export function startSteadyChanges(server: ServerUnderTest, everyMs: number): SteadyChanges {
  const created: string[] = [];
  const unknown: string[] = [];
  let stopping = false;
  const run = async (): Promise<void> => {
    for (let number = 0; !stopping; number += 1) {
      const name = `change-${number}`;
      const body = JSON.stringify({ name, scopes: ['health:read'] });
      const answer = await server
        .askLocally({ path: '/v1/keys', headers: { 'content-type': 'application/json' }, body, timeoutMs: 15_000 })
        .catch(() => undefined);
      (answer?.status === 201 ? created : unknown).push(name);
      await delay(everyMs);
    }
  };
  const running = run();
  running.catch(() => undefined);
  return {
    created,
    unknown,
    async stop() {
      stopping = true;
      await running;
    },
  };
}
