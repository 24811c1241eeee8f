import { Type } from 'typebox';

const Time = Type.Integer({ description: 'Milliseconds since 1970' });

const Told = Type.Enum(['yes', 'no', 'unknown']);

const Collector = Type.Object({
  name: Type.String(),
  state: Type.Enum(['sees', 'lossy', 'blind']),
  records: Type.Integer(),
  last_read_ms: Type.Optional(Type.Integer({ description: 'By the clock of the host' })),
  problem: Type.Optional(Type.String({ description: 'Why it does not see, or what it misses' })),
  remedy: Type.Optional(Type.String({ description: 'What would make it see more, on its host' })),
});

export const SensorBody = Type.Object({
  id: Type.String(),
  host: Type.String({ description: 'As the sensor calls it' }),
  source: Type.String(),
  state: Type.Enum(['alive', 'degraded', 'silent', 'stopped', 'unknown']),
  since_ms: Time,
  first_seen_ms: Time,
  last_heard_ms: Time,
  last_beat_ms: Type.Optional(Time),
  problems: Type.Array(Type.Object({ code: Type.String(), text: Type.String() })),
  collectors: Type.Array(Collector),
  figures: Type.Object({
    cpu_percent: Type.Number(),
    rss_bytes: Type.Integer(),
    waiting: Type.Integer({ description: 'Records not acknowledged yet' }),
    spool_bytes: Type.Integer(),
    lost: Type.Integer({ description: 'Records that never reach the server' }),
    slow_factor: Type.Number({ description: 'How many times less often it polls, to spare its host' }),
    clock_offset_ms: Type.Optional(Type.Integer({ description: 'Positive: the server is ahead' })),
  }),
  key_id: Type.String({ description: 'The API key it sends with' }),
  signing_key_id: Type.Optional(Type.String({ description: 'The key it signs its heartbeats with' })),
  key_accepted: Type.Boolean({
    description:
      'Somebody accepted that key, or it came with an API key issued for this host; otherwise it makes no machine good',
  }),
  machine: Type.Optional(
    Type.Object(
      {
        at_ms: Time,
        is_current: Type.Boolean({
          description: 'Heard of, and said within the last hours: otherwise it counts for nothing',
        }),
        system: Type.String(),
        disk_encrypted: Told,
        firewall: Told,
        secure_boot: Told,
      },
      { description: 'What it said last of how its machine is kept' },
    ),
  ),
  last_vouched_ms: Type.Optional(
    Type.Integer({ description: 'When it last vouched for a run on its machine; since the server started' }),
  ),
  shown_key_id: Type.Optional(Type.String({ description: 'Another key that somebody signs with in its name' })),
  version: Type.String(),
});
