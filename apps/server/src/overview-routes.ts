import { findingLevels } from '@sallyport/contracts';
import { alertStates } from '@sallyport/incident-response';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { TSchema } from 'typebox';
import type { Overview } from './overview.ts';

const orNull = <Schema extends TSchema>(schema: Schema, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });
const Count = Type.Integer({ minimum: 0 });

const Shown = Type.Object({
  at: Type.String({ format: 'date-time' }),
  organization: orNull(Type.String()),
  rate: orNull(
    Type.Object({
      per_minute: Type.Array(Type.Object({ time: Type.String({ format: 'date-time' }), count: Count }), {
        description: 'The last 60 minutes, the one under way included',
      }),
      last_hour: Count,
      own_last_hour: Type.Integer({
        minimum: 0,
        description: 'Audit records this server wrote; not in the other numbers',
      }),
    }),
    'Null while search is away',
  ),
  alerts: orNull(
    Type.Object({
      by_state: Type.Array(Type.Object({ state: Type.Enum(alertStates), count: Count })),
      open_by_level: Type.Array(Type.Object({ level: Type.Enum(findingLevels), count: Count }), {
        description: 'Of the states new and acknowledged',
      }),
    }),
  ),
  sources: orNull(
    Type.Array(
      Type.Object({
        key_id: Type.String(),
        name: Type.String(),
        label: Type.Union([Type.String(), Type.Null()], { description: 'What people call it' }),
        accepted: Type.Integer({ description: 'Events since the server started' }),
        kept_raw: Type.Integer({ description: 'Of these, kept as received because they could not be read' }),
        unread: Type.Array(Type.Object({ reason: Type.String(), count: Count }), {
          description: 'Why events of it were kept as received since the server started',
        }),
        last_seen_at: orNull(Type.String({ format: 'date-time' }), 'Null: nothing came yet'),
        state: Type.Enum(['waiting', 'heard', 'quiet', 'finished', 'silent'], {
          description:
            'waiting: nothing yet; heard: within ten minutes; quiet: not due, or without a rhythm; finished: sent once and stopped; silent: by its own rhythm something should have come',
        }),
        due_at: orNull(Type.String({ format: 'date-time' }), 'Until when something should come; null without a rhythm'),
        silent: Type.Boolean({ description: 'As state' }),
      }),
      { description: 'The first 200' },
    ),
  ),
  ledger: orNull(
    Type.Object({
      head: Type.String({ description: 'LOG/INDEX the next entry gets' }),
      entries: Type.Integer({ description: 'In the newest log, entries of blocks included' }),
      checkpoint: Type.String({ description: 'The newest signed one (C2SP tlog-checkpoint)' }),
      verifier_key: Type.String(),
      witnesses: Type.Object({
        configured: Count,
        needed: Type.Integer({ description: 'How many must cosign the same checkpoint' }),
        held: Type.Boolean({ description: 'Nothing is signed until witnesses or an operator vouch for the log' }),
        witnessed_entries: Count,
        tail_age_seconds: orNull(Count, 'Of the first entry not enough of them have seen; null without witnesses'),
        tail_too_old: Type.Boolean(),
      }),
    }),
    'Null while the sealer is away',
  ),
  processes: Type.Array(
    Type.Object({
      name: Type.String(),
      up: Type.Boolean(),
      pid: orNull(Type.Integer()),
      detail: orNull(Type.String(), 'What is wrong'),
    }),
  ),
  projections: Type.Array(
    Type.Object({
      name: Type.String(),
      state: Type.String(),
      cursor: Type.String(),
      lag: orNull(Type.Integer(), 'Entries behind the head; null when it is still in an older log'),
      error: orNull(Type.String()),
    }),
  ),
});

/** `GET /v1/overview`: how things stand, in one call. */
export function createOverviewRoutes(overview: { read(): Promise<Overview> }): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).get(
      '/v1/overview',
      {
        config: { scope: 'health:read' },
        schema: {
          summary:
            'How things stand: event rate, alerts, sources, ledger, processes; parts that cannot be had are null',
          tags: ['overview'],
          response: { 200: Shown },
        },
      },
      () => overview.read(),
    );
  };
}
