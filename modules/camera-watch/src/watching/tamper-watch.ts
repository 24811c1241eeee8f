import type { Tamper, TamperKind } from '../perception/perceived.ts';
import type { CameraNotice, CameraStanding, RestoredWhy } from './camera-notice.ts';
import type { Moment } from './presence.ts';

/**
 * Whether somebody keeps one camera from seeing. Told after two signs in a row, or four among clear pictures, taken back
 * after clear pictures for longer: never two at once, never `restored` without `tampered`. What could not be told for
 * want of room is told as soon as there is some, if it goes on.
 */
export type TamperWatch = {
  see(sign: Tamper | undefined, at: Moment): CameraNotice[];
  /** Somebody said that what the camera shows now is its view: what was open is over, and what was suspected. */
  accept(): CameraNotice[];
  open(): CameraStanding['tamper'];
  /** Of what is open, the kind seen last: what was told as moved may be covered by now. */
  newest(): TamperKind | undefined;
};

type Suspicion = {
  readonly since: Moment;
  lastMonotonicMs: number;
  signs: number;
  signsInRow: number;
  kind: TamperKind;
  score: number;
};

const limits = {
  signsInRow: 2,
  /** Less than two pictures apart at ten a second: perception has seen it in two by then. */
  confirmMs: 80,
  /** So many between clear pictures, as of a light that blinks. */
  signs: 4,
  /** Signs further apart have nothing to do with each other. */
  gapMs: 5000,
  clearPictures: 4,
  clearMs: 2000,
} as const;

/** `mayTell` is asked once for each `tampered`. */
export function createTamperWatch(input: {
  readonly open: CameraStanding['tamper'];
  readonly mayTell: (at: Moment) => boolean;
}): TamperWatch {
  let open = input.open;
  const kept = input.open;
  let suspicion: Suspicion | undefined;
  let newest: TamperKind | undefined;
  let clear: { readonly sinceMonotonicMs: number; pictures: number } | undefined;

  function suspect(sign: Tamper, at: Moment): CameraNotice[] {
    const isInRow = suspicion !== undefined && at.monotonicMs - suspicion.lastMonotonicMs <= limits.gapMs;
    if (suspicion === undefined || !isInRow) {
      suspicion = { since: at, lastMonotonicMs: at.monotonicMs, signs: 1, signsInRow: 1, ...sign };
      return [];
    }
    suspicion.signs += 1;
    suspicion.signsInRow += 1;
    suspicion.lastMonotonicMs = at.monotonicMs;
    if (sign.score >= suspicion.score) Object.assign(suspicion, sign);
    const { since, kind, score, signs, signsInRow } = suspicion;
    const isEnough = signsInRow >= limits.signsInRow || signs >= limits.signs;
    if (!isEnough || at.monotonicMs - since.monotonicMs < limits.confirmMs || !input.mayTell(at)) return [];
    suspicion = undefined;
    open = { kind, kinds: [kind], sinceMs: since.wallMs };
    return [{ event: 'camera.tampered', kind, score, sinceMs: since.wallMs }];
  }

  function look(was: NonNullable<CameraStanding['tamper']>, at: Moment): CameraNotice[] {
    clear ??= { sinceMonotonicMs: at.monotonicMs, pictures: 0 };
    clear.pictures += 1;
    const isClear = clear.pictures >= limits.clearPictures && at.monotonicMs - clear.sinceMonotonicMs >= limits.clearMs;
    return isClear ? end(was, 'clear') : [];
  }

  function end(was: NonNullable<CameraStanding['tamper']>, why: RestoredWhy): CameraNotice[] {
    open = undefined;
    clear = undefined;
    return [{ event: 'camera.restored', ...was, isAfterRestart: was.sinceMs === kept?.sinceMs, why }];
  }

  return {
    see(sign, at) {
      if (sign === undefined) {
        if (suspicion !== undefined) suspicion.signsInRow = 0;
        return open === undefined ? [] : look(open, at);
      }
      clear = undefined;
      newest = sign.kind;
      if (open === undefined) return suspect(sign, at);
      if (!open.kinds.includes(sign.kind)) open = { ...open, kinds: [...open.kinds, sign.kind] };
      return [];
    },
    accept() {
      suspicion = undefined;
      return open === undefined ? [] : end(open, 'view_accepted');
    },
    open: () => open,
    newest: () => (open === undefined ? undefined : newest),
  };
}
