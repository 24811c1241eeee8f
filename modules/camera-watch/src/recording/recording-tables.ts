export type SegmentState =
  /** Its file is being written and its hash recorded: it does not count as kept. */
  | 'sealing'
  /** Its file is on disk and its hash in the ledger. */
  | 'kept'
  /** Its deletion is recorded; its file may still be there. */
  | 'deleting';

export type RecordingTables = {
  camera_segments: {
    camera: string;
    start_ms: number;
    end_ms: number;
    frames: number;
    audio: number;
    /** 1 when the camera recorded it itself and sent it later. */
    late: number;
    plain_bytes: number;
    plain_sha256: string;
    sealed_sha256: string;
    state: SegmentState;
    /** Where its event stands in the ledger, once kept. */
    log: number | null;
    entry_index: number | null;
  };
  camera_recording_keys: { camera: string; day: number; wrapped: string };
  camera_recording_notes: { camera: string; why: 'camera_off' | 'deleted' | 'lost'; from_ms: number; to_ms: number };
  camera_pictures: { sha256: string; made_ms: number; plain_bytes: number };
  camera_recording_settings: { name: string; value: string };
};
