import { formatPosition } from '@sallyport/contracts';
import type { LifeRecord } from './life-record.ts';
import type { Notice, NoticeEvent } from './notice.ts';
import type { SensorState } from './sensor-state.ts';

/** A sensor while one of its records is judged: what becomes of it, and what is to be told. */
export type Draft = {
  readonly state: SensorState;
  readonly record: LifeRecord;
  readonly notices: Notice[];
};

const maxIncidents = 24;
const maxTold = 64;
/** The same is told again after this, if it still happens. */
const toldAgainAfterMs = 3_600_000;

/** Tells it, and keeps it among what happened lately. Within an hour the same is told once. */
export function tell(draft: Draft, event: NoticeEvent, code: string, text: string): void {
  tellOnce(draft, { event, code, text }, `${event} ${code}`);
}

/** The same, for what `key` names. */
export function tellOnce(draft: Draft, { event, code, text }: Notice, key: string): void {
  const { state, record, notices } = draft;
  const atMs = record.receivedAtMs;
  state.incidents = [...state.incidents.filter((one) => one.code !== code), { code, text, atMs }].slice(-maxIncidents);
  const lastMs = state.told[key];
  if (lastMs !== undefined && atMs - lastMs < toldAgainAfterMs) return;
  const others = Object.entries(state.told).filter(([name]) => name !== key);
  state.told = Object.fromEntries([...others.slice(-maxTold + 1), [key, atMs]]);
  notices.push({ event, code, text });
}

/** Tells a change of state: always, and it is no incident that lasts. */
export function announce(draft: Draft, event: NoticeEvent, code: string, text: string): void {
  draft.notices.push({ event, code, text });
}

/** Somebody without the sensor's key, or with an old record of its own, speaks in its name. Says with which API key. */
export function tellTampered(draft: Draft, code: string, text: string): void {
  const { apiKeyId, position } = draft.record;
  tell(draft, 'sensor.tampered', code, `${text} (API key ${apiKeyId}, record ${formatPosition(position)})`);
}

export function forgetIncidents(state: SensorState, codes: readonly string[]): void {
  state.incidents = state.incidents.filter(({ code }) => !codes.includes(code));
}
