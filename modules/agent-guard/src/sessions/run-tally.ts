import type { AgentVerdict } from '@sallyport/contracts';
import type { AgentGuardNeeds } from '../needs.ts';

/** What a run amounts to so far. Tokens and costs are what the harness says of itself. */
export type RunTally = {
  /** When its last hook came; 0 when none did. */
  readonly hookAtMs: number;
  readonly judged: number;
  readonly refused: number;
  readonly modelCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  /** Millionths of a US dollar. */
  readonly costMicros: number;
};

type TallyRow = {
  readonly session_id: string;
  readonly hook_at_ms: number;
  readonly judged: number;
  readonly refused: number;
  readonly model_calls: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cached_tokens: number;
  readonly cost_micros: number;
};
type Tables = { agent_run_tallies: TallyRow; agent_sessions: { readonly id: string } };

/**
 * Counts of runs, kept every minute or so: they are for people to look at, and what a server that was killed had not kept is in the
 * ledger all the same.
 */
export type RunTallies = {
  hookHeard(sessionId: string): void;
  callJudged(sessionId: string, verdict: AgentVerdict): void;
  modelAnswered(
    sessionId: string,
    more: Pick<RunTally, 'inputTokens' | 'outputTokens' | 'cachedTokens' | 'costMicros'>,
  ): void;
  of(sessionIds: readonly string[]): Promise<ReadonlyMap<string, RunTally>>;
  /** Writes what came since the last time, and lets go of those whose session is gone. */
  keep(): Promise<void>;
};

const none: RunTally = {
  hookAtMs: 0,
  judged: 0,
  refused: 0,
  modelCalls: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  costMicros: 0,
};
/** A sum beyond is shown as this: both databases and JavaScript hold it exactly. */
const highest = Number.MAX_SAFE_INTEGER;

export function createRunTallies({ database, clock }: Pick<AgentGuardNeeds, 'database' | 'clock'>): RunTallies {
  const tables = database.withTables<Tables>();
  /** Since they were last kept. */
  let fresh = new Map<string, RunTally>();
  const add = (id: string, more: Partial<RunTally>): void => {
    fresh.set(id, sum(fresh.get(id) ?? none, { ...none, ...more }));
  };

  async function keptOf(ids: readonly string[]): Promise<Map<string, RunTally>> {
    const found = new Map<string, RunTally>();
    // Databases bound how many values a question may have.
    for (let at = 0; at < ids.length; at += 200) {
      const some = ids.slice(at, at + 200);
      const rows = await tables.selectFrom('agent_run_tallies').selectAll().where('session_id', 'in', some).execute();
      for (const row of rows) found.set(row.session_id, toTally(row));
    }
    return found;
  }

  return {
    hookHeard: (id) => add(id, { hookAtMs: clock.nowMs() }),
    callJudged: (id, verdict) => add(id, { judged: 1, refused: verdict === 'deny' ? 1 : 0 }),
    modelAnswered: (id, more) => add(id, { modelCalls: 1, ...more }),

    async of(ids) {
      const kept = await keptOf(ids);
      return new Map(ids.map((id) => [id, sum(kept.get(id) ?? none, fresh.get(id) ?? none)]));
    },

    async keep() {
      const held = fresh;
      if (held.size === 0) return;
      fresh = new Map();
      try {
        const kept = await keptOf([...held.keys()]);
        await database.transaction().execute(async (transaction) => {
          const rows = transaction.withTables<Tables>();
          for (const [id, more] of held) {
            await rows.deleteFrom('agent_run_tallies').where('session_id', '=', id).execute();
            await rows
              .insertInto('agent_run_tallies')
              .values(toRow(id, sum(kept.get(id) ?? none, more)))
              .execute();
          }
          await rows
            .deleteFrom('agent_run_tallies')
            .where('session_id', 'not in', rows.selectFrom('agent_sessions').select('id'))
            .execute();
        });
      } catch (error) {
        for (const [id, more] of held) add(id, more);
        throw error;
      }
    },
  };
}

function sum(one: RunTally, other: RunTally): RunTally {
  const plus = (name: keyof RunTally): number => Math.min(highest, one[name] + other[name]);
  return {
    hookAtMs: Math.max(one.hookAtMs, other.hookAtMs),
    judged: plus('judged'),
    refused: plus('refused'),
    modelCalls: plus('modelCalls'),
    inputTokens: plus('inputTokens'),
    outputTokens: plus('outputTokens'),
    cachedTokens: plus('cachedTokens'),
    costMicros: plus('costMicros'),
  };
}

function toTally(row: TallyRow): RunTally {
  return {
    hookAtMs: row.hook_at_ms,
    judged: row.judged,
    refused: row.refused,
    modelCalls: row.model_calls,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    cachedTokens: row.cached_tokens,
    costMicros: row.cost_micros,
  };
}

function toRow(sessionId: string, tally: RunTally): TallyRow {
  return {
    session_id: sessionId,
    hook_at_ms: tally.hookAtMs,
    judged: tally.judged,
    refused: tally.refused,
    model_calls: tally.modelCalls,
    input_tokens: tally.inputTokens,
    output_tokens: tally.outputTokens,
    cached_tokens: tally.cachedTokens,
    cost_micros: tally.costMicros,
  };
}
