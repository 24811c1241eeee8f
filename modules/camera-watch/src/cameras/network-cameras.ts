import { CameraWatchError } from '../errors.ts';
import type { FrameGate } from '../frames/frame-gate.ts';
import type { Clock } from '@sallyport/platform/clock';
import { parseCameraAddress, shownAddress } from './camera-address.ts';
import type { NetworkCamera } from './camera-store.ts';
import { startPuller, type Pull, type PullProblem, type Puller } from './pull.ts';
import { createSoundClock } from './sound-clock.ts';

/** Cameras on the network, each with a puller of its own while it is kept. */
export type NetworkCameras = {
  all(): readonly NetworkCameraStatus[];
  find(id: string): NetworkCameraStatus | undefined;
  /** Begins to fetch, in place of what was fetched under that id. */
  put(camera: NetworkCamera): Promise<void>;
  remove(id: string): Promise<void>;
  close(): Promise<void>;
};

export type NetworkCameraStatus = {
  readonly camera: NetworkCamera;
  readonly kind: 'mjpeg' | 'rtsp';
  /** Scheme, host and port. */
  readonly address: string;
  readonly connected: boolean;
  readonly problem: PullProblem | undefined;
};

/** More are refused. */
export const maxNetworkCameras = 64;

type Running = { readonly camera: NetworkCamera; readonly puller: Puller };

export function createNetworkCameras(needs: {
  readonly gate: FrameGate;
  readonly clock: Clock;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly pulls: Readonly<Record<'mjpeg' | 'rtsp', Pull>>;
}): NetworkCameras {
  const { gate, clock } = needs;
  const running = new Map<string, Running>();
  let isClosed = false;

  const statusOf = ({ camera, puller }: Running): NetworkCameraStatus => {
    // It was checked when it was made; loopback is for who fetches to refuse.
    const { kind, url } = parseCameraAddress(camera.url.reveal(), { allowLoopback: true });
    return {
      camera,
      kind,
      address: shownAddress(url),
      connected: puller.isConnected(),
      problem: puller.problem(),
    };
  };

  function soundOf(cameraId: string): (pcm: Uint8Array) => void {
    const capturedAt = createSoundClock();
    return (pcm) => {
      const receivedMs = clock.nowMs();
      gate.offerAudio({ cameraId, pcm, capturedMs: capturedAt(pcm, receivedMs), receivedMs });
    };
  }

  async function remove(id: string): Promise<void> {
    const before = running.get(id);
    running.delete(id);
    await before?.puller.stop();
  }

  return {
    all: () => [...running.values()].map(statusOf),
    find(id) {
      const found = running.get(id);
      return found === undefined ? undefined : statusOf(found);
    },
    async put(camera) {
      const { kind } = parseCameraAddress(camera.url.reveal(), { allowLoopback: true });
      await remove(camera.id);
      if (isClosed) return;
      if (running.size >= maxNetworkCameras)
        throw new CameraWatchError('camera_limit', `Cannot add a camera: there may be ${maxNetworkCameras}`);
      const puller = startPuller(needs, {
        pull: needs.pulls[kind],
        url: camera.url,
        fingerprint: camera.tlsFingerprint,
        onPicture(jpeg) {
          const nowMs = clock.nowMs();
          // Nobody tells when it was taken.
          gate.offer({ cameraId: camera.id, jpeg, capturedMs: nowMs, receivedMs: nowMs, isCaptureUnknown: true });
        },
        onSound: camera.sound ? soundOf(camera.id) : undefined,
      });
      running.set(camera.id, { camera, puller });
    },
    remove,
    async close() {
      isClosed = true;
      await Promise.all([...running.keys()].map(remove));
    },
  };
}
