import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { TSchema } from 'typebox';
import { clockWords, synchronisedWord } from './host-clock.ts';
import type { HostClock } from './host-clock.ts';

const orNull = <Schema extends TSchema>(schema: Schema, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });

const Shown = Type.Object({
  at: Type.String({ format: 'date-time', description: 'By this clock' }),
  looked_at: orNull(Type.String({ format: 'date-time' }), 'Null: not yet since the server started'),
  words: orNull(Type.String(), 'In a line'),
  trouble: orNull(Type.Enum(['unsynchronised', 'off'] as const, { description: 'off: by more than a second' })),
  method: Type.Enum(['chrony', 'timesyncd', 'ntpd', 'systemd', 'none'] as const),
  synchronised: Type.Enum(['yes', 'no', 'unknown'] as const),
  source: orNull(Type.String()),
  stratum: orNull(Type.Integer()),
  offset_ms: orNull(Type.Number(), 'Positive: this host is behind its source'),
  jitter_ms: orNull(Type.Number()),
  root_distance_ms: orNull(Type.Number()),
  measured: orNull(
    Type.Object({
      server: Type.String(),
      at: Type.String({ format: 'date-time' }),
      offset_ms: orNull(Type.Number(), 'Positive: this host is behind'),
      uncertainty_ms: orNull(Type.Number()),
      problem: orNull(Type.String()),
    }),
    'What the time server of SALLYPORT_TIME_SERVER said; null without one',
  ),
});

/** `GET /v1/clock`: how the clock of this server is kept. */
export function createClockRoutes(hostClock: Pick<HostClock, 'report'>, nowMs: () => number): RoutePlugin {
  return async (plain) => {
    typedApp(plain).get(
      '/v1/clock',
      {
        config: { scope: 'settings:read' },
        schema: { summary: 'How the clock of this server is kept', tags: ['health'], response: { 200: Shown } },
      },
      async () => {
        const { state, lookedAtMs, trouble, measured } = hostClock.report();
        return {
          at: timeOf(nowMs()),
          looked_at: lookedAtMs === undefined ? null : timeOf(lookedAtMs),
          words: state === undefined ? null : clockWords(state),
          trouble: trouble ?? null,
          method: state?.method ?? 'none',
          synchronised: state === undefined ? 'unknown' : synchronisedWord(state),
          source: state?.source ?? null,
          stratum: state?.stratum ?? null,
          offset_ms: state?.offsetMs ?? null,
          jitter_ms: state?.jitterMs ?? null,
          root_distance_ms: state?.rootDistanceMs ?? null,
          measured:
            measured === undefined
              ? null
              : {
                  server: measured.server,
                  at: timeOf(measured.atMs),
                  offset_ms: measured.ok ? measured.offsetMs : null,
                  uncertainty_ms: measured.ok ? measured.uncertaintyMs : null,
                  problem: measured.ok ? null : measured.reason,
                },
        };
      },
    );
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
