import type { SenderState } from '../frames/senders.ts';
import type { CameraDevice, Sight } from '../needs.ts';
import type { Activity } from './activity.ts';
import type { CameraView } from './camera-schema.ts';
import type { NetworkCameraStatus } from './network-cameras.ts';

type Live = { readonly activity: Activity; readonly sight: Sight | undefined };

/** Undefined for a device that is no camera. */
export function deviceCameraKind({ kind }: Pick<CameraDevice, 'kind'>): 'phone' | 'pc' | 'esp32' | undefined {
  return kind === 'phone' || kind === 'pc' || kind === 'esp32' ? kind : undefined;
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

export function networkView({ camera, kind, address, problem }: NetworkCameraStatus, live: Live): CameraView {
  const { id, name, place, site } = camera;
  return { id, name, place, site, kind, ...liveView(live), address, ...(problem === undefined ? {} : { problem }) };
}

type LiveView = Pick<
  CameraView,
  'state' | 'since_ms' | 'per_second' | 'latency_ms' | 'last_frame_ms' | 'objects' | 'tampered'
>;

function liveView({ activity, sight }: Live): LiveView {
  const { state, sinceMs, perSecond, latencyMs, lastFrameMs } = activity;
  const objects = new Map<string, number>();
  // What was in a picture of long ago is there no longer.
  if (state === 'live') for (const { label } of sight?.objects ?? []) objects.set(label, (objects.get(label) ?? 0) + 1);
  return {
    state,
    since_ms: Math.round(sinceMs),
    per_second: perSecond,
    objects: Object.fromEntries(objects),
    ...(latencyMs === undefined ? {} : { latency_ms: latencyMs }),
    ...(lastFrameMs === undefined ? {} : { last_frame_ms: Math.round(lastFrameMs) }),
    ...(sight?.tampered === undefined || state !== 'live' ? {} : { tampered: sight.tampered }),
  };
}
