import type { Clock } from '@sallyport/platform/clock';
import type { AgentGuardLimits, AgentGuardNeeds } from '../needs.ts';
import type { AgentSession } from '../sessions/agent.ts';
import { machineFacts } from '../sessions/machine.ts';
import type { Machines } from '../sessions/machine.ts';
import type { StandingSession } from '../sessions/agent-sessions.ts';
import type { HookJudge, OpenJudge } from './hook-judge.ts';

/** Judges of sessions, with what each session saw. Bounded: of those heard of longest ago nothing is known any more, and that is known. */
export type JudgeMemory = {
  /** The judge of a session; a new one where there is none, or its policies are others now. */
  of(standing: StandingSession, heardBy: 'hook' | 'gateway'): HookJudge;
  /** Something came in that nobody saw. Nothing where there is no judge: a new one knows nothing either. */
  forgot(sessionId: string): void;
  isKnown(sessionId: string): boolean;
  isHeardByHook(sessionId: string): boolean;
  /** Whether everything a session did since it began is known here. */
  isWhole(session: Pick<AgentSession, 'id' | 'startedAtMs'>): boolean;
  end(sessionId: string): void;
  /** Forgets all others. */
  keepOnly(sessionIds: ReadonlySet<string>): void;
};

type Remembered = {
  readonly judge: HookJudge;
  /** Each of its policies is judged by the pack of its time. */
  readonly pack: string;
  /** Who is behind it: policies may be about their agents. */
  readonly person: string | undefined;
  readonly isHeardByHook: boolean;
};

export function createJudgeMemory(needs: {
  readonly openJudge: OpenJudge;
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly limits: Pick<AgentGuardLimits, 'maxRemembered'>;
  readonly machines: Pick<Machines, 'machine'>;
  readonly riskOf: AgentGuardNeeds['riskOf'];
}): JudgeMemory {
  const { clock, limits } = needs;
  const begunMs = clock.nowMs();
  /** The one heard of last stands last. */
  const remembered = new Map<string, Remembered>();
  /** Ids alone; bounded by how many sessions a day may have. */
  const forgotten = new Set<string>();
  const isWhole: JudgeMemory['isWhole'] = ({ id, startedAtMs }) => startedAtMs >= begunMs && !forgotten.has(id);

  return {
    of({ session, agent, ownerName, person }, heardBy) {
      const known = remembered.get(session.id);
      remembered.delete(session.id);
      const judge =
        known?.pack === agent.pack && known.person === person
          ? known.judge
          : needs.openJudge({
              pack: agent.pack,
              harness: agent.harness,
              facts: session.facts,
              // Its memory went with a restart, with too many others, or with the policy it was judged by.
              isForgotten: session.facts.isResumed === true || known !== undefined || !isWhole(session),
              mark: Buffer.from(needs.random(4)).toString('hex'),
              machine: () => machineFacts(session.facts.machine, needs.machines),
              risk: () => needs.riskOf({ agentId: agent.id, owner: agent.owner, ownerName, person }),
              run: { agentId: agent.id, person, repository: session.facts.repository },
            });
      const isHeardByHook = heardBy === 'hook' || known?.isHeardByHook === true;
      remembered.set(session.id, { judge, pack: agent.pack, person, isHeardByHook });
      for (const [id] of remembered) {
        if (remembered.size <= limits.maxRemembered) break;
        remembered.delete(id);
        forgotten.add(id);
      }
      return judge;
    },
    forgot: (sessionId) => remembered.get(sessionId)?.judge.forgot(),
    isKnown: (sessionId) => remembered.has(sessionId),
    isHeardByHook: (sessionId) => remembered.get(sessionId)?.isHeardByHook === true,
    isWhole,
    end: (sessionId) => void remembered.delete(sessionId),
    keepOnly(sessionIds) {
      for (const id of forgotten) if (!sessionIds.has(id)) forgotten.delete(id);
      for (const id of remembered.keys()) if (!sessionIds.has(id)) remembered.delete(id);
    },
  };
}
