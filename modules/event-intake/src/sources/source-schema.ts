import { Type } from 'typebox';
import type { Static } from 'typebox';
import { expectations } from './source-settings.ts';
import type { SourceStatus } from './source-status.ts';

const fields = {
  key_id: Type.String(),
  name: Type.String(),
  label: Type.Optional(Type.String({ description: 'What people call it' })),
  site: Type.Optional(Type.String({ description: 'Where it stands; in each of its events since it was chosen' })),
  created_at_ms: Type.Integer(),
  revision: Type.Integer({ description: 'Of what people chose; goes back with a change' }),
  state: Type.Enum(['waiting', 'heard', 'quiet', 'finished', 'silent'], {
    description:
      'waiting: nothing came yet; heard: within ten minutes; quiet: that is like it; finished: sent once and stopped; silent: something should have come',
  }),
  due_ms: Type.Optional(Type.Integer({ description: 'Until when something should come, where there is a rhythm' })),
  last_seen_ms: Type.Optional(Type.Integer()),
  expected: Type.Enum([...expectations], { description: 'Whether silence matters: auto goes by its own rhythm' }),
  quiet_after_ms: Type.Optional(Type.Integer({ description: 'The pause that matters, where people chose one' })),
  limits: Type.Object({ events_per_second: Type.Integer(), bytes_per_day: Type.Integer() }),
  accepted: Type.Integer({ description: 'Since it was registered, as the rest; a kill loses the last minute' }),
  bytes: Type.Integer(),
  bytes_today: Type.Integer({ description: 'Since midnight, UTC' }),
  kept_raw: Type.Record(Type.String(), Type.Integer(), { description: 'Events by why they could not be read' }),
  refused: Type.Record(Type.String(), Type.Integer(), { description: 'Requests by the code of their refusal' }),
  formats: Type.Record(Type.String(), Type.Integer(), { description: 'Events by what they turned out to be' }),
  per_second: Type.Number({ description: 'Events accepted, over the last minute' }),
  lag_ms: Type.Optional(
    Type.Object(
      { p50: Type.Integer(), p99: Type.Integer() },
      {
        description:
          'Received minus when the event says it happened, over the last minutes; negative when the clock of the sender is ahead',
      },
    ),
  ),
  last_refusal: Type.Optional(Type.Object({ code: Type.String(), message: Type.String(), at_ms: Type.Integer() })),
};

const Source = Type.Object(fields);

export const ListedSource = Type.Object({
  ...fields,
  hour: Type.Array(Type.Integer(), {
    description: 'Events accepted in each of the last sixty minutes, oldest first; the last one goes on',
  }),
});

/** What a person calls something: one line. */
const Line = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: String.raw`^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$`,
});

const Minute = Type.Object({
  start_ms: Type.Integer(),
  accepted: Type.Integer(),
  bytes: Type.Integer(),
  kept_raw: Type.Integer(),
  refused: Type.Integer(),
});

export const SourceInDetail = Type.Object({
  ...fields,
  minutes: Type.Array(Minute, { description: 'The last sixty, oldest first; the last one goes on' }),
});

export const Change = Type.Object(
  {
    revision: Type.Optional(
      Type.Integer({ minimum: 0, description: 'The one the author saw: 409 when somebody changed it since' }),
    ),
    label: Type.Optional(Type.Union([Line, Type.Null()])),
    site: Type.Optional(Type.Union([Line, Type.Null()])),
    expected: Type.Optional(Type.Enum([...expectations])),
    quiet_after_ms: Type.Optional(
      Type.Union([Type.Integer({ minimum: 120_000, maximum: 365 * 86_400_000 }), Type.Null()]),
    ),
    events_per_second: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 10_000_000 }), Type.Null()])),
    bytes_per_day: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 2 ** 50 }), Type.Null()])),
  },
  { additionalProperties: false, description: 'What is left out stays; null goes back to the default' },
);

function describeSource(source: SourceStatus): Static<typeof Source> {
  const { figures, settings, standing, lastHeardMs } = source;
  const { totals, lag, lastRefusal } = figures;
  return {
    key_id: source.keyId,
    name: source.name,
    ...(settings.label !== undefined && { label: settings.label }),
    ...(settings.site !== undefined && { site: settings.site }),
    created_at_ms: source.createdAtMs,
    revision: source.revision,
    state: standing.state,
    ...(standing.dueMs !== undefined && { due_ms: standing.dueMs }),
    ...(lastHeardMs !== undefined && { last_seen_ms: lastHeardMs }),
    expected: settings.expected,
    ...(settings.quietAfterMs !== undefined && { quiet_after_ms: settings.quietAfterMs }),
    limits: { events_per_second: settings.eventsPerSecond, bytes_per_day: settings.bytesPerDay },
    accepted: totals.accepted,
    bytes: totals.bytes,
    bytes_today: figures.bytesToday,
    kept_raw: Object.fromEntries(totals.keptRaw),
    refused: Object.fromEntries(totals.refused),
    formats: Object.fromEntries(totals.formats),
    per_second: Math.round(figures.perSecond * 100) / 100,
    ...(lag !== undefined && { lag_ms: lag }),
    ...(lastRefusal !== undefined && {
      last_refusal: { code: lastRefusal.code, message: lastRefusal.message, at_ms: lastRefusal.atMs },
    }),
  };
}

export function describeListed(source: SourceStatus): Static<typeof ListedSource> {
  return { ...describeSource(source), hour: source.figures.minutes.map(({ accepted }) => accepted) };
}

export function describeInDetail(source: SourceStatus): Static<typeof SourceInDetail> {
  return {
    ...describeSource(source),
    minutes: source.figures.minutes.map(({ startMs, accepted, bytes, keptRaw, refused }) => ({
      start_ms: startMs,
      accepted,
      bytes,
      kept_raw: keptRaw,
      refused,
    })),
  };
}
