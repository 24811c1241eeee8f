import { formatPosition, findingLevels } from '@sallyport/contracts';
import type { EventIntake } from '@sallyport/event-intake';
import type { EventSearch } from '@sallyport/event-search';
import { alertStates } from '@sallyport/incident-response';
import type { Alerts } from '@sallyport/incident-response';
import type { LedgerClient, ProjectionRunner, Witnesses } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import { codeOf } from '@sallyport/platform/errors';
import type { Children } from './children.ts';

export type OverviewNeeds = {
  readonly search: Pick<EventSearch, 'count' | 'histogram' | 'health'>;
  readonly alerts: Pick<Alerts, 'counts'>;
  readonly intake: { readonly sources: Pick<EventIntake['sources'], 'list'> };
  readonly ledger: Pick<LedgerClient, 'head' | 'checkpoint' | 'verifierKey' | 'status'>;
  readonly witnesses: Pick<Witnesses, 'report'>;
  readonly projections: readonly Pick<ProjectionRunner, 'health'>[];
  readonly children: Pick<Children, 'pids'>;
  readonly organization: () => Promise<string | undefined>;
  readonly clock: Clock;
};

const minuteMs = 60_000;
const minutes = 60;
const maxSources = 200;
/** Asked again within it, the answer is the same: many readers cost as much as one. */
const freshForMs = 1000;

/** Everything the overview shows, in one answer. What cannot be had is null there and takes nothing else away. */
export function createOverview(needs: OverviewNeeds): { read(): Promise<Overview> } {
  const { clock } = needs;
  let cached: { readonly atMs: number; readonly answer: Promise<Overview> } | undefined;

  async function rate(): Promise<Overview['rate']> {
    const nowMs = clock.nowMs();
    const firstMs = Math.floor(nowMs / minuteMs) * minuteMs - (minutes - 1) * minuteMs;
    const { buckets } = await needs.search.histogram(
      // What this server writes about itself would hide that nothing comes in.
      { fromMs: firstMs, toMs: firstMs + minutes * minuteMs, withoutOwn: 'audit' },
      minuteMs,
    );
    const counts = new Map(buckets.map(({ fromMs, count }) => [fromMs, count]));
    const perMinute = Array.from({ length: minutes }, (_, minute) => {
      const fromMs = firstMs + minute * minuteMs;
      return { time: new Date(fromMs).toISOString(), count: counts.get(fromMs) ?? 0 };
    });
    const lastHour = perMinute.reduce((sum, { count }) => sum + count, 0);
    const all = await needs.search.count({ fromMs: firstMs, toMs: firstMs + minutes * minuteMs });
    return { per_minute: perMinute, last_hour: lastHour, own_last_hour: Math.max(0, all.count - lastHour) };
  }

  async function alerts(): Promise<Overview['alerts']> {
    const counts = await needs.alerts.counts();
    const sum = (state: string, level?: string): number =>
      counts
        .filter((one) => one.state === state && (level === undefined || one.level === level))
        .reduce((total, { count }) => total + count, 0);
    return {
      by_state: alertStates.map((state) => ({ state, count: sum(state) })),
      open_by_level: findingLevels.map((level) => ({ level, count: sum('new', level) + sum('acknowledged', level) })),
    };
  }

  async function sources(): Promise<Overview['sources']> {
    return (await needs.intake.sources.list({ limit: maxSources })).map((source) => {
      const { state, dueMs } = source.standing;
      const { accepted, keptRaw } = source.figures.totals;
      return {
        key_id: source.keyId,
        name: source.name,
        label: source.settings.label ?? null,
        accepted,
        kept_raw: keptRaw.values().reduce((sum, count) => sum + count, 0),
        unread: [...keptRaw].map(([reason, count]) => ({ reason, count })),
        last_seen_at: source.lastHeardMs === undefined ? null : new Date(source.lastHeardMs).toISOString(),
        state,
        due_at: dueMs === undefined ? null : new Date(dueMs).toISOString(),
        silent: state === 'silent',
      };
    });
  }

  async function ledger(): Promise<Overview['ledger']> {
    const head = needs.ledger.head();
    const [checkpoint, verifierKey, { witnesses, policy, log, quorum, tail }] = await Promise.all([
      needs.ledger.checkpoint(head.log),
      needs.ledger.verifierKey(head.log),
      needs.witnesses.report(),
    ]);
    return {
      head: formatPosition(head),
      entries: head.index,
      checkpoint,
      verifier_key: verifierKey,
      witnesses: {
        configured: witnesses.length,
        needed: policy.needed,
        held: log.signing === 'held',
        witnessed_entries: quorum?.size ?? 0,
        tail_age_seconds: tail === undefined ? null : Math.floor(tail.ageMs / 1000),
        tail_too_old: tail?.isTooOld ?? false,
      },
    };
  }

  async function processes(): Promise<Overview['processes']> {
    const { sealer, store } = needs.children.pids();
    const [status, search] = await Promise.all([orNull(needs.ledger.status()), needs.search.health()]);
    return [
      { name: 'server', up: true, pid: process.pid, detail: null },
      {
        name: 'sealer',
        up: status !== null,
        pid: sealer ?? null,
        detail: status?.['intake_allowed'] === false ? 'intake is stopped: the disk is nearly full' : null,
      },
      { name: 'store', up: search.isUp, pid: store ?? null, detail: search.lastError ?? null },
    ];
  }

  function projections(): Overview['projections'] {
    const head = needs.ledger.head();
    return needs.projections.map((projection) => {
      const { name, state, cursor, lastError } = projection.health();
      return {
        name,
        state,
        cursor: formatPosition(cursor),
        lag: cursor.log === head.log ? head.index - cursor.index : null,
        error: lastError ?? null,
      };
    });
  }

  async function read(): Promise<Overview> {
    const parts = {
      rate: orNull(rate()),
      alerts: orNull(alerts()),
      sources: orNull(sources()),
      ledger: orNull(ledger()),
      processes: processes(),
    };
    return {
      at: new Date(clock.nowMs()).toISOString(),
      organization: (await orNull(needs.organization())) ?? null,
      rate: await parts.rate,
      alerts: await parts.alerts,
      sources: await parts.sources,
      ledger: await parts.ledger,
      processes: await parts.processes,
      projections: projections(),
    };
  }

  return {
    read() {
      const nowMs = clock.monotonicMs();
      if (cached === undefined || nowMs - cached.atMs >= freshForMs) cached = { atMs: nowMs, answer: read() };
      return cached.answer;
    },
  };
}

type Count = { readonly count: number };

export type Overview = {
  at: string;
  organization: string | null;
  rate: { per_minute: (Count & { time: string })[]; last_hour: number; own_last_hour: number } | null;
  alerts: {
    by_state: (Count & { state: (typeof alertStates)[number] })[];
    open_by_level: (Count & { level: (typeof findingLevels)[number] })[];
  } | null;
  sources:
    | {
        key_id: string;
        name: string;
        label: string | null;
        accepted: number;
        kept_raw: number;
        unread: { reason: string; count: number }[];
        last_seen_at: string | null;
        state: 'waiting' | 'heard' | 'quiet' | 'finished' | 'silent';
        due_at: string | null;
        silent: boolean;
      }[]
    | null;
  ledger: {
    head: string;
    entries: number;
    checkpoint: string;
    verifier_key: string;
    witnesses: {
      configured: number;
      needed: number;
      held: boolean;
      witnessed_entries: number;
      tail_age_seconds: number | null;
      tail_too_old: boolean;
    };
  } | null;
  processes: { name: string; up: boolean; pid: number | null; detail: string | null }[];
  projections: { name: string; state: string; cursor: string; lag: number | null; error: string | null }[];
};

/** Null for what is refused with a code; our own faults are thrown on. */
async function orNull<Value>(promise: Promise<Value>): Promise<Value | null> {
  try {
    return await promise;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return null;
  }
}
