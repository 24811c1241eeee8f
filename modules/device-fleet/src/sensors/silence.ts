import { comparePositions } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
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
const perLook = 200;

/** Tells of sensors that should have been heard and were not. The state changes when the event comes back by the feed. */
export function watchSilence(needs: {
  readonly sensors: SensorsNeeds;
  readonly registry: Registry;
  readonly listening: Listening;
  readonly cursor: () => Position;
}): SilenceWatch {
  const { registry, listening } = needs;
  const { ledger, clock, log, isTakingRecords } = needs.sensors;
  let headBefore: Position | undefined;
  let isLooking = false;

  /** Everything that had come by the last look is judged, and what came now would be taken. */
  async function isAble(): Promise<boolean> {
    const wanted = headBefore;
    headBefore = ledger.head();
    if (wanted === undefined || comparePositions(needs.cursor(), wanted) < 0) return false;
    return isTakingRecords === undefined || (await isTakingRecords().catch(() => false));
  }

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
      listening.look(await isAble());
      const overdue = [...registry.sensors].filter(([id, state]) => isWatched(state) && listening.isOverdue(id));
      if (overdue.length > 0) await tell(overdue.slice(0, perLook));
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
