import type { TamperKind } from '../perception/perceived.ts';
import type { LabelClass } from './label-class.ts';

/** Something that stands in a picture: one appearance, from when it was sure until it was gone. */
export type Sighting = {
  /** Counted for each camera; never given twice. */
  readonly id: number;
  readonly label: string;
  readonly labelClass: LabelClass;
  readonly zone?: { readonly id: string; readonly name: string };
  /** The zone is watched, and it was its time. */
  readonly isWatched: boolean;
  readonly isNight: boolean;
  /** The best so far, 0…1. */
  readonly score: number;
  /** Wall clock. */
  readonly sinceMs: number;
};

/** What the watch has to tell of a camera. */
export type CameraNotice =
  | { readonly event: 'camera.appeared'; readonly sighting: Sighting }
  | { readonly event: 'camera.left'; readonly sighting: Sighting; readonly dwellMs: number; readonly why: LeftWhy }
  /** Appearances in one place that were not told one by one. */
  | {
      readonly event: 'camera.crowded';
      readonly zone?: { readonly id: string; readonly name: string };
      readonly heldBack: number;
      readonly sinceMs: number;
    }
  | { readonly event: 'camera.tampered'; readonly kind: TamperKind; readonly score: number; readonly sinceMs: number }
  | {
      readonly event: 'camera.restored';
      readonly kind: TamperKind;
      /** Everything it was meanwhile, as covered after moved. */
      readonly kinds: readonly TamperKind[];
      readonly sinceMs: number;
      /** This server was restarted meanwhile. */
      readonly isAfterRestart: boolean;
      /** It sees again, or somebody said that what it shows now is its view. */
      readonly why: RestoredWhy;
    }
  | { readonly event: 'camera.connected' }
  /** Notices that found no place to wait in while the control database took nothing. */
  | { readonly event: 'camera.untold'; readonly count: number; readonly sinceMs: number }
  | {
      readonly event: 'camera.offline';
      /** It or a person said so: it was switched off, revoked or removed. */
      readonly isAnnounced: boolean;
      readonly why: OfflineWhy;
      readonly lastFrameMs: number;
      /** Other cameras of its site that send. */
      readonly othersLive: number;
    };

export type RestoredWhy = 'clear' | 'view_accepted';
export type LeftWhy = 'gone' | 'camera_offline';
export type OfflineWhy = 'silent' | 'said_goodbye' | 'revoked' | 'removed';

/** How the watch stands to a camera, as it is kept over restarts. Wall clock times. */
export type CameraStanding = {
  readonly connection: 'live' | 'offline' | 'unknown';
  readonly tamper?: { readonly kind: TamperKind; readonly kinds: readonly TamperKind[]; readonly sinceMs: number };
  /** Told and not over. */
  readonly sightings: readonly Sighting[];
  /** The next id of a sighting. */
  readonly nextId: number;
};

export const unknownStanding: CameraStanding = { connection: 'unknown', sightings: [], nextId: 1 };
