import { engine } from '@sallyport/access-policy';
import type { EngineCondition } from '@sallyport/access-policy';
import type { Behaviour } from '@sallyport/behaviour';
import type { JsonObject } from '@sallyport/contracts';
import { formatPosition } from '@sallyport/contracts';
import type { Detection } from '@sallyport/detection';
import type { EventIntake } from '@sallyport/event-intake';
import { RebuildingAnswer, shownRebuilding } from '@sallyport/event-search';
import type { EventSearch } from '@sallyport/event-search';
import type { Alerts } from '@sallyport/incident-response';
import { troubledWitnesses } from '@sallyport/ledger';
import type { LedgerClient, ProjectionRunner, Witnesses } from '@sallyport/ledger';
import { codeOf } from '@sallyport/platform/errors';
import type { RoutePlugin } from '@sallyport/platform/http';
import type { RulePacks } from '@sallyport/rule-library/packs';
import { Type } from 'typebox';
import type { TSchema } from 'typebox';
import type { Children } from './children.ts';

const Readiness = Type.Object({ recording: Type.Boolean() });
const orNull = <Schema extends TSchema>(schema: Schema, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });
const open = { additionalProperties: true };
const HealthReport = Type.Object({
  version: Type.String(),
  head: Type.String({ description: 'LOG/INDEX the next entry gets' }),
  ledger: Type.Object({ up: Type.Boolean() }, open),
  witnesses: orNull(
    Type.Object(
      {
        configured: Type.Integer(),
        needed: Type.Integer(),
        signing: Type.String({
          description: 'held: nothing is signed until witnesses or an operator vouch for the log',
        }),
        witnessed_entries: Type.Integer({ description: 'Of the newest log, by enough witnesses' }),
        tail_age_seconds: orNull(Type.Integer(), 'Of the first entry they have not seen; null without witnesses'),
        tail_too_old: Type.Boolean(),
        troubled: Type.Array(Type.Object({ name: Type.String(), state: Type.String() }), {
          description: 'Those that were asked last and did not cosign: away, unknown_log, wrong or refusing',
        }),
      },
      { description: 'Null while the ledger is away' },
    ),
  ),
  intake: Type.Object(
    {
      accepted: Type.Integer(),
      bytes: Type.Integer(),
      kept_raw: Type.Integer(),
      refused: Type.Integer({ description: 'Requests' }),
      per_second: Type.Number({ description: 'Events accepted, over the last minute' }),
      sources: Type.Record(Type.String(), Type.Integer(), { description: 'How many sources are in which state' }),
    },
    { description: 'Since the server started' },
  ),
  search: Type.Object({
    up: Type.Boolean(),
    rows: orNull(Type.Integer()),
    lag: orNull(Type.Integer()),
    error: orNull(Type.String()),
    rebuilding: RebuildingAnswer,
  }),
  detection: Type.Object(
    {
      rulesLoaded: Type.Integer(),
      rulesRefused: Type.Integer(),
      ruleSetHash: Type.String(),
      eventsScanned: Type.Integer(),
      matches: Type.Integer(),
      cursor: Type.String(),
    },
    open,
  ),
  rule_packs: Type.Object({
    damaged: Type.Array(Type.Object({ name: Type.String(), reason: Type.String() }), {
      description: 'Packs of which nothing is in force although it should be',
    }),
  }),
  behaviour: Type.Object(
    {
      entities: Type.Integer(),
      learning: Type.Integer({ description: 'Entities of which too little is known for anything to be told yet' }),
      evicted: Type.Integer({ description: 'Entities forgotten for want of room' }),
      findings: Type.Integer(),
      cursor: Type.String(),
    },
    open,
  ),
  alerts: Type.Object(
    { created: Type.Integer(), suppressed: Type.Integer(), ignored: Type.Integer(), openStreams: Type.Integer() },
    open,
  ),
  projections: Type.Array(
    Type.Object({
      name: Type.String(),
      state: Type.String(),
      cursor: Type.String(),
      events_applied: Type.Integer(),
      error: orNull(Type.String()),
    }),
  ),
  https: Type.Object({
    state: Type.String({ description: 'of the listener for others: off, open, waiting, failed' }),
    warnings: Type.Array(Type.Object({ code: Type.String(), message: Type.String() })),
  }),
  sign_in_providers: Type.Object({
    enabled: Type.Integer(),
    troubled: Type.Array(Type.Object({ name: Type.String(), words: Type.String() }), {
      description: 'Those that did not answer when they were asked last',
    }),
  }),
  policy_engine: Type.Object(
    {
      up: Type.Boolean(),
      failures: Type.Integer({ description: 'How often it broke since the server started' }),
      reason: orNull(Type.String(), 'Why, the last time'),
      words: orNull(Type.String(), 'What that means and what to do; null where it never broke'),
    },
    { description: 'What decides who may do what: while it is not up, everything is denied' },
  ),
  processes: Type.Object({
    server: Type.Object({ pid: Type.Integer(), memory_bytes: Type.Integer() }),
    sealer: Type.Object({ pid: orNull(Type.Integer()) }),
    store: Type.Object({ pid: orNull(Type.Integer()) }),
  }),
});

/** Whether people can come in by the word of others. */
export type ProvidersHealth = {
  readonly enabled: number;
  readonly troubled: { readonly name: string; readonly words: string }[];
};

export type Health = {
  /** Whether events are accepted and recorded now. */
  isRecording(): Promise<boolean>;
  report(): Promise<JsonObject>;
};

export function createHealth(needs: {
  readonly ledger: Pick<LedgerClient, 'head' | 'status'>;
  readonly witnesses: Pick<Witnesses, 'report'>;
  readonly intake: Pick<EventIntake, 'totals' | 'states'>;
  readonly search: Pick<EventSearch, 'health'>;
  readonly detection: Pick<Detection, 'health'>;
  readonly rulePacks: Pick<RulePacks, 'health'>;
  readonly behaviour: Pick<Behaviour, 'health'>;
  readonly alerts: Pick<Alerts, 'health'>;
  readonly projections: readonly ProjectionRunner[];
  readonly children: Pick<Children, 'pids'>;
  readonly version: string;
  readonly signInProviders: () => Promise<ProvidersHealth>;
  readonly https: () => {
    readonly state: string;
    readonly warnings: readonly { readonly code: string; readonly message: string }[];
  };
}): Health {
  const ledgerStatus = async (): Promise<JsonObject> => {
    try {
      return { up: true, ...(await needs.ledger.status()) };
    } catch (error) {
      return { up: false, error: codeOf(error) ?? 'unknown' };
    }
  };
  return {
    async isRecording() {
      const status = await ledgerStatus();
      return status['up'] === true && status['intake_allowed'] === true;
    },
    async report() {
      const [ledger, search] = await Promise.all([ledgerStatus(), needs.search.health()]);
      const { cursor, ...detection } = needs.detection.health();
      const { cursor: learntTo, ...behaviour } = needs.behaviour.health();
      const { sealer, store } = needs.children.pids();
      return {
        version: needs.version,
        head: formatPosition(needs.ledger.head()),
        ledger,
        witnesses: await witnessReport(needs.witnesses),
        intake: intakeReport(needs.intake),
        search: {
          up: search.isUp,
          rows: search.rows ?? null,
          lag: search.lagEntries ?? null,
          error: search.lastError ?? null,
          ...shownRebuilding(search),
        },
        detection: { ...plain(detection), cursor: formatPosition(cursor) },
        rule_packs: { damaged: needs.rulePacks.health().damaged.map(({ name, reason }) => ({ name, reason })) },
        behaviour: { ...plain(behaviour), lag: behaviour.lag ?? null, cursor: formatPosition(learntTo) },
        alerts: plain(needs.alerts.health()),
        projections: needs.projections.map((projection) => {
          const { name, state, cursor: at, eventsApplied, lastError } = projection.health();
          return { name, state, cursor: formatPosition(at), events_applied: eventsApplied, error: lastError ?? null };
        }),
        https: { state: needs.https().state, warnings: needs.https().warnings.map((warning) => ({ ...warning })) },
        sign_in_providers: await needs.signInProviders(),
        policy_engine: policyEngineReport(engine.condition()),
        processes: {
          server: { pid: process.pid, memory_bytes: process.memoryUsage.rss() },
          sealer: { pid: sealer ?? null },
          store: { pid: store ?? null },
        },
      };
    },
  };
}

export function createHealthRoutes(health: Health): RoutePlugin {
  return async (app) => {
    app.get(
      '/v1/health',
      {
        config: { scope: 'health:read' },
        schema: { summary: 'How every part of the server is', tags: ['health'], response: { 200: HealthReport } },
      },
      () => health.report(),
    );
    // For load balancers and supervisors, which hold no key: one bit, nothing else.
    app.get(
      '/v1/ready',
      {
        config: { public: true },
        schema: {
          summary: 'Whether events are accepted and recorded now',
          tags: ['health'],
          response: { 200: Readiness, 503: Readiness },
        },
      },
      async (_request, reply) => {
        const isRecording = await health.isRecording();
        return reply.code(isRecording ? 200 : 503).send({ recording: isRecording });
      },
    );
  };
}

async function witnessReport(witnesses: Pick<Witnesses, 'report'>): Promise<JsonObject | null> {
  try {
    const report = await witnesses.report();
    const { witnesses: all, policy, log, quorum, tail } = report;
    return {
      configured: all.length,
      needed: policy.needed,
      signing: log.signing,
      witnessed_entries: quorum?.size ?? 0,
      tail_age_seconds: tail === undefined ? null : Math.floor(tail.ageMs / 1000),
      tail_too_old: tail?.isTooOld ?? false,
      troubled: troubledWitnesses(report).map((witness) => ({ ...witness })),
    };
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return null;
  }
}

/** In words for whoever reads it while everything else is denied. */
export function policyEngineReport({ isBroken, failures, reason, againInSeconds = 0 }: EngineCondition) {
  const words = isBroken
    ? `Deciding broke twice within a minute: everything is denied but what is remembered, and it is begun anew in ${againInSeconds} seconds. If that goes on, a version of your own policies breaks it: in the minutes it answers, put another into force as an administrator, or on this machine with "sallyport policy activate". A restart begins a fresh one, which that version breaks again`
    : 'Deciding broke and was begun anew: what was asked just then was denied. If that happens again, look which of your own policies came into force before it';
  return { up: !isBroken, failures, reason: reason ?? null, words: failures === 0 ? null : words };
}

function intakeReport({ totals: figures, states }: Pick<EventIntake, 'totals' | 'states'>): JsonObject {
  const { accepted, bytes, keptRaw, refused } = figures.totals;
  const sum = (counts: ReadonlyMap<string, number>): number => counts.values().reduce((one, other) => one + other, 0);
  return {
    accepted,
    bytes,
    kept_raw: sum(keptRaw),
    refused: sum(refused),
    per_second: Math.round(figures.perSecond * 100) / 100,
    sources: Object.fromEntries(states()),
  };
}

function plain(value: object): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, typeof entry === 'object' ? JSON.stringify(entry) : entry]),
  );
}
