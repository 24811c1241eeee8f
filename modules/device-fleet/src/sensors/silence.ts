import { messageOf } from '@sallyport/platform/errors';
import type { SensorsNeeds } from '../needs.ts';
import type { Listening } from './listening.ts';
import { silentAfterMs } from './listening.ts';
import type { Registry } from './registry.ts';
import { noticeEntry, noticeEvent } from './sensor-event.ts';
import type { SensorState } from './sensor-state.ts';
import { standingOf } from './standing.ts';

export type SilenceWatch = {
  /** Looks now. Never rejects; what could not be told is tried with the next look. */
  look(): Promise<void>;
  stop(): void;
};

export const lookEveryMs = 5000;
const perAppend = 500;

/** Tells of sensors that should have been heard and were not. The state changes when the event comes back by the feed. */
export function watchSilence(needs: {
  readonly sensors: SensorsNeeds;
  readonly registry: Registry;
  readonly listening: Listening;
}): SilenceWatch {
  const { registry, listening } = needs;
  const { ledger, clock, log, isTakingRecords } = needs.sensors;
  let isLooking = false;

  /** Whether what comes now would be taken. */
  const isTaking = async (): Promise<boolean> =>
    isTakingRecords === undefined || (await isTakingRecords().catch(() => false));

  async function tell(overdue: readonly (readonly [string, SensorState])[]): Promise<void> {
    const entries = overdue.map(([id, state]) => {
      const { host, source, apiKeyId, lastHeard } = state;
      const text = `Nothing was heard of it for ${silentAfterMs / 1000} s, the last at ${new Date(state.lastHeardMs).toISOString()}; it did not say goodbye`;
      const notice = { event: 'sensor.silent', code: 'silent', text } as const;
      const about = { id, host, source, apiKeyId };
      const event = noticeEvent({ about, notice, timeMs: clock.nowMs(), from: lastHeard });
      return noticeEntry(event, lastHeard, 0, `/silent/${id}`);
    });
    await ledger.append({ collector: 'device-fleet', priority: 'control', entries });
  }

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      const taking = await isTaking();
      listening.look({ isTaking: taking, head: ledger.head() });
      const overdue = [...registry.sensors].filter(([id, state]) => isWatched(state) && listening.isOverdue(id));
      for (let at = 0; at < overdue.length; at += perAppend) await tell(overdue.slice(at, at + perAppend));
    } catch (error) {
      log.warn('The silence of a sensor was not told', { message: messageOf(error) });
    } finally {
      isLooking = false;
    }
  }

  const stop = needs.sensors.every(lookEveryMs, () => void look());
  return { look, stop };
}

/** One that was never believed is no sensor that could fall silent. */
function isWatched(state: SensorState): boolean {
  const { state: shown } = standingOf(state, state.lastHeardMs);
  return shown === 'alive' || shown === 'degraded';
}
