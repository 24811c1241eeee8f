import type { Clock } from '@sallyport/platform/clock';
import { EventSearchError } from './errors.ts';

/** One export under way. */
export type ExportPlace = {
  /** Its reader took some of it. */
  moved(): void;
  /** Where to end it when its reader takes nothing and others wait. */
  begun(end: () => void): void;
  /** May be called again. */
  leave(): void;
};

/** Exports read the store one page at a time: only so many go on at once, and nobody has them all. */
export type ExportPlaces = {
  /** Throws `store_busy`. A reader that took nothing for a minute makes room for the one who asks. */
  take(callerId: string): ExportPlace;
};

const maxExports = 4;
const maxOfCaller = 2;
const stuckAfterMs = 60_000;

type Held = { readonly callerId: string; movedAtMs: number; end: () => void };

export function createExportPlaces(clock: Pick<Clock, 'monotonicMs'>): ExportPlaces {
  const held = new Set<Held>();
  return {
    take(callerId) {
      const nowMs = clock.monotonicMs();
      const own = [...held].filter((one) => one.callerId === callerId);
      const full = own.length >= maxOfCaller ? own : held.size >= maxExports ? [...held] : [];
      const [stuck] = full
        .filter(({ movedAtMs }) => nowMs - movedAtMs >= stuckAfterMs)
        .toSorted((a, b) => a.movedAtMs - b.movedAtMs);
      if (full.length > 0 && stuck === undefined) {
        throw new EventSearchError(
          'store_busy',
          `Cannot export: ${held.size} exports are under way, ${own.length} by this caller, must be under ${maxExports} and ${maxOfCaller}`,
        );
      }
      if (stuck !== undefined) {
        held.delete(stuck);
        stuck.end();
      }
      const place: Held = { callerId, movedAtMs: nowMs, end: () => undefined };
      held.add(place);
      return {
        moved() {
          place.movedAtMs = clock.monotonicMs();
        },
        begun(end) {
          place.end = end;
        },
        leave: () => void held.delete(place),
      };
    },
  };
}
