import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { Actor } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { Encrypted } from '@sallyport/platform/encrypted-columns';
import { guardEvent } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { StandingSession } from '../sessions/agent-sessions.ts';

export const stopScopes = ['session', 'agent', 'person', 'model', 'all'] as const;
export type StopScope = (typeof stopScopes)[number];

/** Whatever fits it does nothing more until somebody takes the stop away. */
export type Stop = {
  readonly id: string;
  readonly scope: StopScope;
  /** Id of the session, agent or owner; name of the model; empty for all. */
  readonly value: string;
  readonly reason: string;
  readonly by: string;
  readonly atMs: number;
};

type Tables = {
  agent_stops: {
    readonly id: string;
    readonly scope: string;
    readonly value: string;
    readonly document: Encrypted;
    readonly at_ms: number;
  };
};

/** The switch that stops agents. It holds from the moment it is asked for, before it is written, and over restarts. */
export type Stops = {
  /** The first that holds a session, if any does. */
  holding(standing: StandingSession): Stop | undefined;
  list(): readonly Stop[];
  /** Throws `agent_limit_reached`. The same again gives the one there is. */
  stop(request: {
    readonly scope: StopScope;
    readonly value: string;
    readonly reason: string;
    readonly by: Actor;
  }): Promise<Stop>;
  /** Throws `agent_stop_not_found`. */
  lift(request: { readonly id: string; readonly by: Actor }): Promise<void>;
  /** Called at once for each stop from now on, until the returned function is called. */
  onStop(listener: (stop: Stop) => void): () => void;
};

const maxStops = 1000;

export async function createStops(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'columnKeys'>,
): Promise<Stops> {
  const { database, outbox, clock, random } = needs;
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random,
    tables: { agent_stops: { row: 'id', columns: { document: encrypted({ padBytes: 256 }) } } },
  });
  const stops = new Map<string, Stop>();
  /** Those that stand in the database, and are not being lifted. */
  const written = new Set<string>();
  const listeners = new Set<(stop: Stop) => void>();
  for (const row of await columns.on(database).selectFrom('agent_stops').selectAll().orderBy('at_ms').execute()) {
    const kept: unknown = parseJson(row.document);
    const said = isJsonObject(kept) ? kept : {};
    const scope = stopScopes.find((one) => one === row.scope);
    // A scope nobody knows any more stops everything: somebody wanted agents held.
    written.add(row.id);
    stops.set(row.id, {
      id: row.id,
      scope: scope ?? 'all',
      value: row.value,
      reason: textOf(said['reason']),
      by: textOf(said['by']),
      atMs: row.at_ms,
    });
  }

  const write = async (task: (transaction: Transaction) => Promise<void>): Promise<void> => {
    await database.transaction().execute(task);
    await outbox.flushed();
  };

  return {
    holding: (standing) => [...stops.values()].find((stop) => holds(stop, standing)),
    list: () => [...stops.values()].toReversed(),

    async stop({ scope, value, reason, by }) {
      const wanted = scope === 'all' ? '' : value;
      if (scope !== 'all' && wanted === '')
        throw new AgentGuardError('agent_invalid', `Cannot stop a ${scope}: must say which`);
      const known = [...stops.values()].find((one) => one.scope === scope && one.value === wanted);
      if (known !== undefined && written.has(known.id)) return known;
      if (known === undefined && scope !== 'all' && stops.size >= maxStops)
        throw new AgentGuardError('agent_limit_reached', `Cannot stop more: there are ${maxStops} stops`, {
          hint: 'stop all agents, or take stops away that hold nothing',
        });
      const nowMs = clock.nowMs();
      // One that could not be written before is written now.
      const made: Stop = known ?? {
        id: Buffer.from(random(8)).toString('hex'),
        scope,
        value: wanted,
        reason,
        by: by.name,
        atMs: nowMs,
      };
      // First, so that nothing gets through while it is written; it stays when that fails, which whoever asked is told.
      stops.set(made.id, made);
      for (const listener of listeners) listener(made);
      await write(async (transaction) => {
        await columns
          .on(transaction)
          .insertInto('agent_stops')
          .values({
            id: made.id,
            scope,
            value: wanted,
            document: JSON.stringify({ reason, by: by.name }),
            at_ms: nowMs,
          })
          .execute();
        await outbox.record(
          transaction,
          guardEvent({
            nowMs,
            by,
            action: 'agent.stop',
            target: { type: scope === 'all' ? 'all agents' : scope, id: wanted },
            details: { reason, stop: made.id },
          }),
        );
      });
      written.add(made.id);
      return made;
    },

    async lift({ id, by }) {
      const stop = stops.get(id);
      // Asked for again meanwhile, it is another.
      written.delete(id);
      if (stop === undefined) throw new AgentGuardError('agent_stop_not_found', `Cannot find stop "${id}"`);
      await write(async (transaction) => {
        await columns.on(transaction).deleteFrom('agent_stops').where('id', '=', id).execute();
        await outbox.record(
          transaction,
          guardEvent({
            nowMs: clock.nowMs(),
            by,
            action: 'agent.stop_lift',
            target: { type: stop.scope === 'all' ? 'all agents' : stop.scope, id: stop.value },
            details: { stop: id },
          }),
        );
      });
      if (!written.has(id)) stops.delete(id);
    },

    onStop(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function holds({ scope, value }: Stop, { session, agent }: StandingSession): boolean {
  switch (scope) {
    case 'all':
      return true;
    case 'session':
      return session.id === value;
    case 'agent':
      return agent.id === value;
    case 'person':
      return session.owner.id === value;
    case 'model':
      // Of which model it is nobody said: it may be this.
      return session.facts.model === undefined || session.facts.model.name === value;
  }
}
