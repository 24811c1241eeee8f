import { textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { Owner } from './agent.ts';
import type { Machines } from './machine.ts';

/**
 * How a run proves its machine: the sensor there signs a nonce that was given to the owner of the run for a minute, and once. Who may ask that
 * sensor is on its machine, or has somebody there who asks for them: more than that is not said.
 */
export type MachineProofs = {
  nonce(owner: Owner): { readonly nonce: string; readonly goodUntilMs: number };
  /**
   * Whether a sensor signed it, for this server (one of `gate.example:7443` and the like, which lead to us alone) and a nonce of this owner.
   * `unnamed`: all of it is right, but it names no server, as sensors of before signed it: it proves nothing, and is no attempt either.
   */
  judge(statement: JsonObject, of: { readonly owner: Owner; readonly servers: readonly string[] }): JudgedProof;
};

type JudgedProof =
  | { readonly kind: 'proved'; readonly sensorId: string }
  | { readonly kind: 'unnamed' }
  /** None did, it is for another server, or its nonce is another's, was used, or is too old. */
  | { readonly kind: 'refused' };

const goodForMs = 60_000;
/** Of one owner, and of all: the oldest goes first. A server that was started anew has given none. */
const maxPerOwner = 50;
const maxInAll = 5000;

export function createMachineProofs({
  clock,
  random,
  machines,
}: {
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly machines: Pick<Machines, 'vouched'>;
}): MachineProofs {
  /** In the order in which they were given. */
  const given = new Map<string, { readonly owner: string; readonly untilMs: number }>();

  const drop = (isOne: (owner: string, untilMs: number) => boolean, left: number): void => {
    const found = [...given].filter(([, { owner, untilMs }]) => isOne(owner, untilMs));
    for (const [nonce] of found.slice(0, Math.max(0, found.length - left))) given.delete(nonce);
  };

  return {
    nonce(owner) {
      const [name, nowMs] = [keyOf(owner), clock.nowMs()];
      drop((_, untilMs) => untilMs <= nowMs, 0);
      drop((one) => one === name, maxPerOwner - 1);
      drop(() => true, maxInAll - 1);
      const nonce = Buffer.from(random(32)).toString('base64url');
      const goodUntilMs = nowMs + goodForMs;
      given.set(nonce, { owner: name, untilMs: goodUntilMs });
      return { nonce, goodUntilMs };
    },
    judge(statement, { owner, servers }) {
      const nonce = textOf(statement['nonce']);
      const found = given.get(nonce);
      if (found === undefined || found.owner !== keyOf(owner)) return { kind: 'refused' };
      given.delete(nonce);
      const named = statement['server'];
      if (found.untilMs <= clock.nowMs() || (named !== undefined && !isOneOf(servers, named)))
        return { kind: 'refused' };
      const sensorId = machines.vouched(statement);
      if (sensorId === undefined) return { kind: 'refused' };
      return named === undefined ? { kind: 'unnamed' } : { kind: 'proved', sensorId };
    },
  };
}

function keyOf({ kind, id }: Owner): string {
  return `${kind}/${id}`;
}

/** A name with a dot at its end is the same one, written out. */
function isOneOf(servers: readonly string[], named: unknown): boolean {
  return typeof named === 'string' && servers.includes(named.replace(/\.(?=$|:\d+$)/, ''));
}
