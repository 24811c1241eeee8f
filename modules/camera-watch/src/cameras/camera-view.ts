import type { SenderState } from '../frames/senders.ts';
import type { CameraDevice, Sight } from '../needs.ts';
import type { WatchState } from '../perception/perceived.ts';
import type { Activity } from './activity.ts';
import { problemCodes, type CameraView } from './camera-schema.ts';
import type { NetworkCameraStatus } from './network-cameras.ts';

type Live = {
  readonly activity: Activity;
  readonly sight: Sight | undefined;
  readonly watched: WatchState | undefined;
};

const deviceCameraKinds = ['phone', 'pc', 'esp32', 'whip'] as const;
type DeviceCameraKind = (typeof deviceCameraKinds)[number];

/** Undefined for a device that is no camera. */
export function deviceCameraKind({ kind }: Pick<CameraDevice, 'kind'>): DeviceCameraKind | undefined {
  return deviceCameraKinds.find((each) => each === kind);
}

export function deviceView(
  device: CameraDevice,
  { sender, ...live }: Live & { readonly sender: SenderState | undefined },
): CameraView {
  const position = sender?.position;
  return {
    id: device.id,
    name: device.name,
    place: device.place ?? '',
    site: device.site ?? '',
    kind: deviceCameraKind(device) ?? 'phone',
    ...liveView(live),
    ...(position === undefined
      ? {}
      : {
          position: {
            latitude: position.latitude,
            longitude: position.longitude,
            accuracy_m: position.accuracyM,
            at_ms: Math.round(position.atMs),
          },
        }),
    ...(sender?.charging === undefined ? {} : { charging: sender.charging }),
    ...(sender?.storedSegments === undefined ? {} : { stored_segments: sender.storedSegments }),
  };
}

/** What is left to say of a camera that is none any more. */
export function formerView(
  camera: Pick<CameraView, 'id' | 'name' | 'place' | 'site' | 'kind'>,
  removedMs: number,
): CameraView {
  const { id, name, place, site, kind } = camera;
  const atMs = Math.round(removedMs);
  return {
    id,
    name,
    place,
    site,
    kind,
    state: 'offline',
    since_ms: atMs,
    per_second: 0,
    objects: {},
    removed_ms: atMs,
  };
}

export function networkView({ camera, kind, address, problem }: NetworkCameraStatus, live: Live): CameraView {
  const { id, name, place, site, sound, tlsFingerprint } = camera;
  const code = problemCodes.find((known) => known === problem?.code);
  const offered = problem?.fingerprint;
  return {
    id,
    name,
    place,
    site,
    kind,
    ...liveView(live),
    address,
    sound,
    ...(tlsFingerprint === undefined ? {} : { tls_fingerprint: tlsFingerprint }),
    ...(problem === undefined ? {} : { problem: problem.message, problem_code: code ?? 'camera_input_failed' }),
    ...(offered === undefined ? {} : { offered_tls_fingerprint: offered }),
  };
}

type LiveView = Pick<
  CameraView,
  'state' | 'why' | 'watched' | 'since_ms' | 'per_second' | 'latency_ms' | 'last_frame_ms' | 'objects' | 'tampered'
>;

function liveView({ activity, sight, watched }: Live): LiveView {
  const { state, why, sinceMs, perSecond, latencyMs, lastFrameMs } = activity;
  const objects = new Map<string, number>();
  // What was in a picture of long ago is there no longer.
  if (state === 'live') for (const { label } of sight?.objects ?? []) objects.set(label, (objects.get(label) ?? 0) + 1);
  return {
    state,
    ...(why === undefined ? {} : { why }),
    ...(watched === undefined ? {} : { watched }),
    since_ms: Math.round(sinceMs),
    per_second: perSecond,
    objects: Object.fromEntries(objects),
    ...(latencyMs === undefined ? {} : { latency_ms: latencyMs }),
    ...(lastFrameMs === undefined ? {} : { last_frame_ms: Math.round(lastFrameMs) }),
    ...(sight?.tampered === undefined || state !== 'live' ? {} : { tampered: sight.tampered }),
  };
}
