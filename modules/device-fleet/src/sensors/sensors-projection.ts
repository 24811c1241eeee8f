import { comparePositions, origin } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { AppendEntry, LedgerEvent, Projection } from '@sallyport/ledger';
import { repeatableTransaction, type Transaction } from '@sallyport/platform/database';
import type { SensorLimits, SensorsNeeds } from '../needs.ts';
import { judgeRecord, judgeShrunkLog, newSensor } from './judge-record.ts';
import { readLifeRecord } from './life-record.ts';
import type { LifeRecord } from './life-record.ts';
import type { Notice } from './notice.ts';
import { sourceOfHost } from './machine.ts';
import { createChanges, isSamePlace } from './registry.ts';
import type { Changes, Registry } from './registry.ts';
import { noticeEntry, noticeEvent, noticesPerRecord, readToldSilence } from './sensor-event.ts';
import type { ToldSilence } from './sensor-event.ts';
import type { SensorStore } from './sensor-store.ts';

export type SensorsProjection = Projection & {
  /** Everything before it was judged. */
  cursor(): Position;
  /** Records of sensors there was no room for, since the start. */
  refused(): number;
};

const entriesPerAppend = 500;
/** Of ranges in which no sensor says anything, which are most, the place is stored now and then: reading them again changes nothing. */
const saveCursorEveryMs = 5000;
const refusalToldEveryMs = 3_600_000;

/**
 * Judges what sensors say about themselves. What follows from a record is told to the ledger under a name made of the record's
 * place before rows and cursor are stored together: after a crash the same is told again, and counts once.
 */
export function createSensorsProjection(needs: {
  readonly sensors: SensorsNeeds;
  readonly store: SensorStore;
  readonly registry: Registry;
  readonly limits: SensorLimits;
  /** A record that counts as a sign of life was stored. */
  readonly heard: (id: string) => void;
}): SensorsProjection {
  const { store, registry, limits } = needs;
  const { ledger, database, clock } = needs.sensors;
  let cursor = origin;
  let refused = 0;
  let savedMs = Number.NEGATIVE_INFINITY;
  const refusalToldMs = new Map<string, number>();

  function judge(changes: Changes, event: LedgerEvent): { entries: AppendEntry[]; heard: string | undefined } {
    const silence = readToldSilence(event);
    if (silence !== undefined) return { entries: takeSilence(changes, event, silence), heard: undefined };
    const record = readLifeRecord(event);
    if (record === undefined) return { entries: [], heard: undefined };
    const id = store.idOf(record.source, record.host);
    const known = changes.get(id);
    if (known === undefined && record.event === 'log_shrunk') return { entries: [], heard: undefined };
    if (known === undefined && !changes.hasRoom(record.apiKeyId))
      return { entries: refuse(id, record), heard: undefined };
    const before = known ?? newSensor(record);
    const judged =
      record.event === 'log_shrunk'
        ? judgeShrunkLog(before, record)
        : judgeRecord(before, record, (publicKey) => changes.holderOf(publicKey, id));
    changes.set(id, judged.state);
    const notices = judged.notices.map((notice) => withServer(record, notice));
    return {
      entries: entriesOf(id, { ...judged.state, apiKeyId: record.apiKeyId }, record, notices),
      heard: judged.isHeard ? id : undefined,
    };
  }

  /** The sensor beside this server stops whenever the server does: that is nobody's doing but whose who stopped the server. */
  function withServer(record: LifeRecord, notice: Notice): Notice {
    const isOurs = notice.event === 'sensor.stopped' && needs.sensors.isOwnKey?.(record.apiKeyId) === true;
    return isOurs && record.line['reason'] === 'its starter stops' ? { ...notice, code: 'with_server' } : notice;
  }

  /** Our own word that a sensor is silent comes back by the feed, so that the rows say what the ledger says. */
  function takeSilence(changes: Changes, event: LedgerEvent, { id, from, reason }: ToldSilence): AppendEntry[] {
    const before = changes.get(id);
    if (before === undefined) return [];
    const { position, receivedAtMs } = event;
    if (!isSamePlace(before.lastHeard, from)) {
      const text = 'It was heard again while its silence was being told';
      const notice: Notice = { event: 'sensor.recovered', code: 'silent', text };
      const about = { id, host: before.host, source: before.source, apiKeyId: before.apiKeyId };
      return [noticeEntry(noticeEvent({ about, notice, timeMs: receivedAtMs, from: position }), position, 0)];
    }
    const { end: _end, ...rest } = before;
    const silent = {
      ...rest,
      isCatchingUp: false,
      end: { kind: 'silent' as const, sinceMs: before.lastHeardMs, reason, lost: before.figures?.lost ?? 0 },
      shown: 'silent',
      sinceMs: before.lastHeardMs,
    };
    changes.set(id, silent);
    return [];
  }

  /** Names that are made up fill no table: they are counted, and told once an hour for each API key. */
  function refuse(id: string, record: LifeRecord): AppendEntry[] {
    refused += 1;
    const toldMs = refusalToldMs.get(record.apiKeyId);
    if (toldMs !== undefined && record.receivedAtMs - toldMs < refusalToldEveryMs) return [];
    refusalToldMs.set(record.apiKeyId, record.receivedAtMs);
    const text = `API key ${record.apiKeyId} brings more sensors than the ${limits.sensorsPerKey} one key may, or there are ${limits.sensors} already: those to come are not watched`;
    return entriesOf(id, record, record, [{ event: 'sensor.refused', code: 'too_many', text }]);
  }

  /** Whoever signs with the key in force and sends with the API key that a person issued for this host is its sensor. */
  async function acceptIssued(changes: Changes, heard: ReadonlySet<string>): Promise<void> {
    for (const id of heard) {
      const state = changes.get(id);
      if (state === undefined || state.isAccepted === true || state.source !== sourceOfHost(state.host)) continue;
      const source = await needs.sensors.sourceOfKey?.(state.apiKeyId).catch(() => undefined);
      if (source === state.source) changes.set(id, { ...state, isAccepted: true });
    }
  }

  return {
    name: 'sensors',
    cursor: () => cursor,
    refused: () => refused,
    load: (head) =>
      registry.inTurn(async () => {
        const stored = await store.readCursor();
        const sensors = await store.readAll();
        cursor = comparePositions(stored, head) > 0 ? head : stored;
        if (cursor !== stored) {
          // The control database is newer than the ledger: what comes next may be what was judged already.
          for (const state of sensors.values()) {
            delete state.run;
            state.order = -1;
            state.marks = [];
          }
          await database.transaction().execute(async (transaction) => {
            for (const [id, state] of sensors) await store.save(transaction, id, state);
            await store.saveCursor(transaction, cursor);
          });
        }
        registry.replace(sensors);
        return { cursor };
      }),
    apply: (range) =>
      registry.inTurn(async () => {
        const changes = createChanges(registry.sensors, limits);
        const heard = new Set<string>();
        const entries: AppendEntry[] = [];
        for (const event of range.events) {
          if (comparePositions(event.position, cursor) < 0) continue;
          const judged = judge(changes, event);
          entries.push(...judged.entries);
          if (judged.heard !== undefined) heard.add(judged.heard);
        }
        await acceptIssued(changes, heard);
        for (let at = 0; at < entries.length; at += entriesPerAppend) {
          const part = entries.slice(at, at + entriesPerAppend);
          await ledger.append({ collector: 'device-fleet', priority: 'control', entries: part });
        }
        const isChanged = changes.size() > 0;
        if (isChanged || clock.monotonicMs() - savedMs >= saveCursorEveryMs) {
          const save = async (transaction: Transaction): Promise<void> => {
            for (const [id, state] of changes.entries()) await store.save(transaction, id, state);
            await store.saveCursor(transaction, range.to);
          };
          // What was read without a change may be read again.
          await (isChanged ? database.transaction().execute(save) : repeatableTransaction(database, save));
          savedMs = clock.monotonicMs();
        }
        for (const [id, state] of changes.entries()) registry.set(id, state);
        cursor = range.to;
        for (const id of heard) needs.heard(id);
      }),
  };
}

function entriesOf(
  id: string,
  about: { readonly host: string; readonly source: string; readonly apiKeyId: string },
  record: LifeRecord,
  notices: readonly Notice[],
): AppendEntry[] {
  const { host, source, apiKeyId } = about;
  const { position: from, receivedAtMs: timeMs } = record;
  return notices
    .slice(0, noticesPerRecord)
    .map((notice, ordinal) =>
      noticeEntry(noticeEvent({ about: { id, host, source, apiKeyId }, notice, timeMs, from }), from, ordinal),
    );
}
