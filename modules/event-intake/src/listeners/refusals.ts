import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';

/**
 * - `network`: the address may not send; `connections`: too many at once
 * - `handshake`: no TLS as spoken here; `certificate`: none, or none of those accepted
 * - `rate`, `room`: datagrams over the sender's rate, or for which there was no room
 */
export const refusalReasons = ['network', 'connections', 'handshake', 'certificate', 'rate', 'room'] as const;
export type RefusalReason = (typeof refusalReasons)[number];

export type Refusal = {
  readonly reason: RefusalReason;
  readonly address: string;
  /** What the sender said of itself, or why; not to be trusted. */
  readonly detail?: string | undefined;
};

/** Everything that is not let in is counted, and told to the ledger once a minute in one event, however much it was. */
export type Refusals = {
  count(refusal: Refusal): void;
  /** Since the server started. */
  counts(): Readonly<Record<RefusalReason, number>>;
  /** Records what was refused since the last time; keeps it for the next when that fails. */
  record(): Promise<void>;
};

type Period = {
  sinceMs: number;
  counts: Record<RefusalReason, number>;
  senders: Map<string, Refusal & { times: number }>;
};

const maxSenders = 10;
const maxDetailCharacters = 200;

export function createRefusals(needs: {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly record: (details: JsonObject) => Promise<void>;
}): Refusals {
  const total = none();
  let period: Period | undefined;

  return {
    count({ reason, address, detail }) {
      total[reason] += 1;
      period ??= { sinceMs: needs.clock.nowMs(), counts: none(), senders: new Map() };
      period.counts[reason] += 1;
      const cut = detail?.slice(0, maxDetailCharacters).toWellFormed();
      const key = `${reason} ${address} ${cut ?? ''}`;
      const known = period.senders.get(key);
      if (known !== undefined) known.times += 1;
      else if (period.senders.size < maxSenders) period.senders.set(key, { reason, address, detail: cut, times: 1 });
    },
    counts: () => ({ ...total }),
    async record() {
      const told = period;
      if (told === undefined) return;
      period = undefined;
      try {
        await needs.record(describe(told, needs.clock.nowMs()));
      } catch (error) {
        period = merged(told, period);
        throw error;
      }
    },
  };
}

function none(): Record<RefusalReason, number> {
  return { network: 0, connections: 0, handshake: 0, certificate: 0, rate: 0, room: 0 };
}

function describe({ sinceMs, counts, senders }: Period, untilMs: number): JsonObject {
  return {
    since_ms: sinceMs,
    until_ms: untilMs,
    refused: Object.fromEntries(Object.entries(counts).filter(([, times]) => times > 0)),
    first_senders: [...senders.values()].map(({ reason, address, detail, times }) => ({
      reason,
      address,
      times,
      ...(detail !== undefined && { detail }),
    })),
  };
}

function merged(told: Period, since: Period | undefined): Period {
  for (const reason of refusalReasons) told.counts[reason] += since?.counts[reason] ?? 0;
  for (const [key, sender] of since?.senders ?? []) {
    const known = told.senders.get(key);
    if (known !== undefined) known.times += sender.times;
    else if (told.senders.size < maxSenders) told.senders.set(key, sender);
  }
  return told;
}
