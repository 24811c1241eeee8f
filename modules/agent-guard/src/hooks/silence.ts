import type { Clock } from '@sallyport/platform/clock';
import { sessionWords } from '../audit-record.ts';
import type { AgentSessions } from '../sessions/agent-sessions.ts';
import type { JudgeMemory } from '../judging/judge-memory.ts';
import type { RecordHappening } from './record-happening.ts';

/** A run whose hooks have not come by then has none. */
const silentAfterMs = 2 * 60_000;
const mostOpen = 1000;

/** Tells, once each, of runs whose process is heard of and whose hooks never were. To be called now and then. */
export function createSilenceWatch(needs: {
  readonly clock: Clock;
  readonly sessions: Pick<AgentSessions, 'standing' | 'sessions'>;
  readonly memory: Pick<JudgeMemory, 'isKnown' | 'isHeardByHook' | 'isWhole' | 'keepOnly'>;
  readonly record: RecordHappening;
}): () => Promise<void> {
  const { clock, sessions, memory } = needs;
  const told = new Set<string>();
  return async () => {
    const nowMs = clock.nowMs();
    const open = await sessions.sessions({ open: true, limit: mostOpen });
    if (open.length < mostOpen) {
      const ids = new Set(open.map(({ id }) => id));
      for (const id of told) if (!ids.has(id)) told.delete(id);
      memory.keepOnly(ids);
    }
    for (const session of open) {
      const isSilent =
        !told.has(session.id) &&
        !memory.isHeardByHook(session.id) &&
        memory.isWhole(session) &&
        nowMs - session.startedAtMs >= silentAfterMs &&
        nowMs - session.seenAtMs < silentAfterMs * 2;
      if (!isSilent) continue;
      told.add(session.id);
      const { agent, ownerName } = await sessions.standing(session.id);
      await needs.record(sessionWords(session, { agent, ownerName }), {
        kind: 'hook_silent',
        silentMs: nowMs - session.startedAtMs,
        stillSeen: memory.isKnown(session.id) ? 'gateway' : 'process',
      });
    }
  };
}
