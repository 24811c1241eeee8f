import type { Box, TamperSign } from '@sallyport/object-detection';

/** What a label stands for. `weapon_class` are things that can be weapons; no model here knows a gun. */
export type LabelGroup = 'person' | 'vehicle' | 'animal' | 'bag' | 'weapon_class';

export type PerceivedObject = {
  /** As COCO has it: `person`, `car`, `knife` … */
  readonly label: string;
  readonly group: LabelGroup;
  /** `low`: never act on it alone. Always so for `weapon_class`. */
  readonly confidence: 'usual' | 'low';
  /** The model's own figure, 0 to 1; no probability. */
  readonly score: number;
  readonly box: Box;
  /** The same thing in the frames after; unique within its camera while the server runs. */
  readonly track: number;
};

export type { TamperKind } from '@sallyport/object-detection';
export type Tamper = TamperSign;

export type Perceived = {
  readonly cameraId: string;
  readonly sequence: number;
  readonly capturedMs: number;
  /** Of the picture as it came. */
  readonly width: number;
  readonly height: number;
  /** Share of the picture that differs from what usually is there. */
  readonly motion: number;
  readonly objects: readonly PerceivedObject[];
  readonly tamper?: Tamper;
  /** It was known what is usual at this camera: before, little is told of what is done to it. */
  readonly learnt: boolean;
  /** The picture itself. */
  readonly jpeg: Uint8Array;
  /** The id of the model that looked, or undefined when there is none: then `objects` says nothing. */
  readonly model: string | undefined;
  /** Whether the model looked at this very frame; else nothing moved, and `objects` are those seen last. */
  readonly looked: boolean;
  /** From the call to the answer. */
  readonly tookMs: number;
};

/**
 * Whether a camera is watched. `starting`: what looks at pictures is not up yet. `learning`: what is usual in its view is not
 * known yet. `unwatched`: what looks at pictures is down, has no model, or leaves this camera out for a while.
 */
export const watchStates = ['starting', 'learning', 'watched', 'unwatched'] as const;
export type WatchState = (typeof watchStates)[number];

export type PerceptionHealth = {
  readonly model: string | undefined;
  /** `blind`: no model was found; motion and tampering are told all the same. */
  readonly state: 'idle' | 'up' | 'blind' | 'down';
  readonly reason: string | undefined;
  /** Frames perceived in the last ten seconds, a second. */
  readonly perSecond: number;
  /** Frames that a newer one replaced. */
  readonly dropped: number;
  /** Frames that were no picture. */
  readonly unreadable: number;
  /** Cameras whose frames ended the process and which are left out for a while. */
  readonly setAside: readonly string[];
  /** Times the process was started. */
  readonly starts: number;
};
