import type { RecordedSegment } from './segment-recorder.ts';

/** What the page asks of the recording worker. */
export type RecordingOrder =
  /** Anything else is answered only after it. */
  | { readonly kind: 'open'; readonly deviceId: string }
  /** `keep`: also when the server has it. */
  | { readonly kind: 'store'; readonly segment: RecordedSegment; readonly keep: boolean }
  /** The server is reached. */
  | { readonly kind: 'upload'; readonly token: string }
  | { readonly kind: 'pause' }
  /** Every file; the keys are the page's to destroy, and go first. */
  | { readonly kind: 'erase' };

/** What lies on this phone. */
export type RecordingStatus = {
  /** Segments the server has not. */
  readonly waiting: number;
  readonly bytes: number;
  /** Overwritten before the server had them, since the phone was enrolled. */
  readonly lost: number;
  /** The server has refused them for good; they stay until there is no more room. */
  readonly refused: number;
  readonly isUploading: boolean;
  readonly problem?: 'no_space' | 'no_storage';
};

export type RecordingNews =
  | { readonly kind: 'status'; readonly status: RecordingStatus }
  | { readonly kind: 'token_refused' }
  | { readonly kind: 'erased' };
