import { textOf } from '@sallyport/contracts';
import { collectorName, countOf, orderOf, shortText } from './beat.ts';
import { announce, forgetIncidents, tell, tellTampered } from './draft.ts';
import type { Draft } from './draft.ts';
import { collectorNamed, emptyCollector, judgeBeat, pauseText, tellBlind } from './judge-beat.ts';
import type { LifeRecord } from './life-record.ts';
import { postureIn } from './machine.ts';
import type { Notice } from './notice.ts';
import type { SensorState } from './sensor-state.ts';
import { standingOf } from './standing.ts';
import { isTrusted } from './trust.ts';
import type { KeyHolder } from './trust.ts';

const maxCollectors = 32;

/** What a sensor is before anything of it was heard. */
export function newSensor(record: LifeRecord): SensorState {
  const { host, source, installation, apiKeyId, version, receivedAtMs, position } = record;
  return {
    host,
    source,
    installation,
    pastInstallations: [],
    apiKeyId,
    firstApiKeyId: apiKeyId,
    version,
    firstSeenMs: receivedAtMs,
    order: -1,
    marks: [],
    lastHeardMs: receivedAtMs,
    lastHeard: { log: position.log, index: position.index },
    isCatchingUp: false,
    stuckBeats: 0,
    collectors: {},
    incidents: [],
    told: {},
    shown: 'unknown',
    sinceMs: receivedAtMs,
  };
}

/** What one record makes of a sensor, and what is to be told of it. Reads no clock and changes nothing it was given. */
export function judgeRecord(
  before: SensorState,
  record: LifeRecord,
  holderOf: KeyHolder,
): { readonly state: SensorState; readonly notices: readonly Notice[]; readonly isHeard: boolean } {
  const draft: Draft = { state: structuredClone(before), record, notices: [] };
  const { state } = draft;
  const isOwn = isTrusted(draft, holderOf);
  // What has no place in the order may be an old record sent again: it is no sign of life.
  const isHeard = isOwn && orderOf(record.line) !== undefined;
  if (isHeard) {
    state.apiKeyId = record.apiKeyId;
    state.version = record.version;
    state.lastHeardMs = record.receivedAtMs;
    state.lastHeard = { log: record.position.log, index: record.position.index };
  }
  if (isOwn) take(draft);
  const { state: shown } = standingOf(state, record.receivedAtMs);
  if (shown !== state.shown) state.sinceMs = record.receivedAtMs;
  state.shown = shown;
  return { state, notices: draft.notices, isHeard };
}

function take(draft: Draft): void {
  const { state, record } = draft;
  const { line } = record;
  switch (record.event) {
    case 'sensor.heartbeat':
      return judgeBeat(draft);
    case 'sensor.stopped': {
      const reason = shortText(line['reason']);
      state.end = { kind: 'stopped', sinceMs: record.receivedAtMs, reason, lost: state.figures?.lost ?? 0 };
      return announce(draft, 'sensor.stopped', 'stopped', `It was told to stop, and said so: ${reason}`);
    }
    case 'sensor.coverage':
      return noteCoverage(draft);
    case 'sensor.posture':
      state.posture = postureIn(line, record);
      return undefined;
    case 'sensor.collector_blind':
    case 'sensor.collector_recovered':
      return noteSight(draft);
    case 'sensor.lost':
      return tell(
        draft,
        'sensor.losing',
        'losing',
        `${countOf(line['lost_total'])} records never reached the server: ${shortText(line['reason'])}`,
      );
    case 'sensor.renumbered':
      return tellTampered(
        draft,
        'state_copied',
        'A copy of its state, or an older one put back, has sent under its name',
      );
    case 'sensor.paused':
      // One that was told as silence is explained when that is over.
      if (state.end !== undefined) return undefined;
      return tell(draft, 'sensor.slowed', 'paused', pauseText(countOf(line['paused_ms'])));
    case 'sensor.key_rotated':
      state.announcedKey = textOf(line['next_public_key']).slice(0, 64);
      return undefined;
    case 'sensor.receipt_mismatch':
      return tellTampered(
        draft,
        'receipt_mismatch',
        `What this server acknowledged is not what its log holds at ${shortText(line['position'])}: ${shortText(line['reason'])}`,
      );
    case 'audit_changed':
      return tell(draft, 'sensor.tampered', 'audit_changed', `The audit of its host was changed: ${auditWords(draft)}`);
    default:
      return undefined;
  }
}

function auditWords({ record: { line } }: Draft): string {
  return [line['audit_type'], line['operation'], line['User']]
    .map(shortText)
    .filter((text) => text !== '')
    .join(' ');
}

/** A log that got shorter. Told unsigned among the files, so only what comes with the sensor's own API key counts. */
export function judgeShrunkLog(
  before: SensorState,
  record: LifeRecord,
): { readonly state: SensorState; readonly notices: readonly Notice[]; readonly isHeard: boolean } {
  const draft: Draft = { state: structuredClone(before), record, notices: [] };
  if (record.apiKeyId === before.apiKeyId)
    tell(
      draft,
      'sensor.tampered',
      'log_shrunk',
      `A log it reads became shorter: ${shortText(record.line['TargetFilename'])}`,
    );
  return { state: draft.state, notices: draft.notices, isHeard: false };
}

function noteCoverage(draft: Draft): void {
  const { line } = draft.record;
  const { state } = draft;
  const name = collectorName(line['covers']);
  const coverage = line['state'];
  if (name === '' || (coverage !== 'full' && coverage !== 'partial' && coverage !== 'none')) return;
  const before = collectorNamed(state.collectors, name);
  if (before === undefined && Object.keys(state.collectors).length >= maxCollectors) return;
  const { misses: _misses, remedy: _remedy, ...known } = before ?? emptyCollector;
  const [misses, remedy] = [shortText(line['misses']), shortText(line['remedy'])];
  state.collectors[name] = {
    ...known,
    coverage,
    ...(misses === '' ? {} : { misses }),
    ...(remedy === '' ? {} : { remedy }),
  };
  const couldSee = before?.coverage === 'full' || before?.coverage === 'partial';
  if (coverage === 'none' && couldSee) tellBlind(draft, name, { before: before.problem, problem: misses });
}

function noteSight(draft: Draft): void {
  const { state, record } = draft;
  const name = collectorName(record.line['covers']);
  const known = collectorNamed(state.collectors, name);
  if (known === undefined) return;
  const { problem: before, ...rest } = known;
  if (record.event === 'sensor.collector_recovered') {
    state.collectors[name] = rest;
    return forgetIncidents(state, [`blind:${name}`]);
  }
  const problem = shortText(record.line['problem']);
  state.collectors[name] = { ...rest, problem };
  return tellBlind(draft, name, { before, problem });
}
