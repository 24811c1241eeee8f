import type { RoutePlugin } from '@sallyport/platform/http';
import { errorFields } from '@sallyport/platform/log';
import { createActivities, type StateChange } from './cameras/activity.ts';
import { createCameraConnections } from './cameras/camera-connection.ts';
import { createCameraRoutes } from './cameras/camera-routes.ts';
import { createCameraStore } from './cameras/camera-store.ts';
import { createCameraDirectory, type Cameras, type Departure } from './cameras/cameras.ts';
import { createFormerCameras } from './cameras/former-cameras.ts';
import { deviceCameraKind } from './cameras/camera-view.ts';
import { createMjpegPull } from './cameras/mjpeg-pull.ts';
import { createNetworkCameras } from './cameras/network-cameras.ts';
import { createRtspPull } from './cameras/rtsp-pull.ts';
import { createFrameGate } from './frames/frame-gate.ts';
import { createFrameHub, type FrameHub } from './frames/frame-hub.ts';
import { createPushes, createPushRoutes } from './frames/push-routes.ts';
import { createSenders } from './frames/senders.ts';
import { createSocketRoutes } from './frames/socket-routes.ts';
import { createViewers } from './frames/viewers.ts';
import type { CamerasNeeds, Sight } from './needs.ts';
import { createWhip } from './webrtc/whip.ts';
import { createWhipRoutes } from './webrtc/whip-routes.ts';

/** The cameras of one server, and the doors their pictures come in and go out by. */
export type CameraWatch = Cameras & {
  readonly hub: FrameHub;
  readonly routes: readonly RoutePlugin[];
  /** What was made out in a picture; goes out with the next ones and stands in the list. */
  see(cameraId: string, sight: Sight): void;
  /** A camera is live, waiting or offline since now. */
  onState(listener: (change: StateChange) => void): () => void;
  /** What a camera is called now; undefined for what is none. */
  find(cameraId: string): CameraNames | undefined;
  /** What a camera on the network was called that was removed. */
  findFormer(cameraId: string): CameraNames | undefined;
  /** A camera goes for a reason that is known, and is still found under its id. */
  onDepart(listener: (cameraId: string, why: Departure) => void): () => void;
  /** A device that may send no longer: what it has open ends now. */
  cut(deviceId: string): void;
  close(): Promise<void>;
};

export type CameraNames = {
  readonly id: string;
  readonly name: string;
  readonly place: string;
  readonly site: string;
};

const lookMs = 1000;

/** Begins to fetch from the cameras it knows. */
export async function createCameraWatch(needs: CamerasNeeds): Promise<CameraWatch> {
  const { clock, every } = needs;
  const allowLoopback = needs.allowLoopback === true;
  const hub = createFrameHub(needs);
  const gate = createFrameGate({ hub, clock });
  const sights = new Map<string, Sight>();
  const sight = (cameraId: string): Sight | undefined => sights.get(cameraId);
  const departures = new Set<{ readonly hear: (cameraId: string, why: Departure) => void }>();
  /** Whose departure is being told: a device that was revoked still has a name then. */
  let departing: string | undefined;
  const depart = (cameraId: string, why: Departure): void => {
    departing = cameraId;
    for (const { hear } of departures) {
      try {
        hear(cameraId, why);
      } catch (error) {
        needs.log.error('A listener to the departure of cameras failed', errorFields(error));
      }
    }
    departing = undefined;
  };
  const senders = createSenders({
    ...needs,
    gate,
    onGoodbye(cameraId, why) {
      depart(cameraId, why);
      activities.end(cameraId, why);
    },
  });
  const pushes = createPushes();
  const whip = needs.webrtc === undefined ? undefined : createWhip({ ...needs, ...needs.webrtc, gate });
  const viewers = createViewers({ hub, clock, every, sight });
  const connect = createCameraConnections({ allowLoopback, authorities: needs.authorities });
  const network = createNetworkCameras({
    ...needs,
    gate,
    pulls: {
      mjpeg: createMjpegPull({ ...needs, connect, allowLoopback }),
      rtsp: createRtspPull({ ...needs, connect, allowLoopback, ffmpeg: needs.ffmpeg ?? 'ffmpeg' }),
    },
  });
  const activities = createActivities({
    hub,
    clock,
    isConnected: (id) =>
      senders.state(id)?.connected === true ||
      pushes.isOpen(id) ||
      whip?.isOpen(id) === true ||
      network.find(id)?.connected === true,
  });
  activities.onChange(({ cameraId, to }) => viewers.tellState(cameraId, to));
  const store = createCameraStore(needs);
  const former = await createFormerCameras(needs);
  const parts = { hub, senders, activities, network, store, former, sight, allowLoopback, connect };
  const cameras = createCameraDirectory(needs, { ...parts, watchOf: needs.watchOf, onDepart: depart });
  for (const camera of await store.readAll()) {
    try {
      await network.put(camera);
    } catch (error) {
      // The others are watched all the same.
      needs.log.error('A kept camera is not fetched from', { camera: camera.id, ...errorFields(error) });
    }
  }
  const known = new Set<string>();
  const stopLooking = every(lookMs, () => activities.look(known));
  const stopListening = hub.subscribe(({ cameraId }) => known.add(cameraId));

  function find(cameraId: string): CameraNames | undefined {
    const device = needs.devices.find(cameraId);
    const found = network.find(cameraId)?.camera;
    const isHere = device?.state === 'approved' || departing === cameraId;
    if (device !== undefined && isHere && deviceCameraKind(device) !== undefined)
      return { id: cameraId, name: device.name, place: device.place ?? '', site: device.site ?? '' };
    return found === undefined ? undefined : { id: cameraId, name: found.name, place: found.place, site: found.site };
  }

  return {
    ...cameras,
    hub,
    routes: [
      createCameraRoutes(cameras),
      createPushRoutes({ ...needs, gate, pushes }),
      createSocketRoutes({ senders, viewers, siteOf: (id) => find(id)?.site }),
      ...(whip === undefined ? [] : [createWhipRoutes(whip)]),
    ],
    see: (cameraId, seen) => void sights.set(cameraId, seen),
    onState: (listener) => activities.onChange(listener),
    find,
    findFormer: (cameraId) => former.find(cameraId),
    onDepart(listener) {
      const entry = { hear: listener };
      departures.add(entry);
      return () => departures.delete(entry);
    },
    cut(deviceId) {
      // Nothing comes in any more, whatever happens to those who are told.
      senders.cut(deviceId);
      pushes.cut(deviceId);
      whip?.cut(deviceId);
      depart(deviceId, 'revoked');
      hub.forget(deviceId);
      sights.delete(deviceId);
    },
    async close() {
      stopLooking();
      stopListening();
      senders.close();
      pushes.close();
      viewers.close();
      // Processes that hang are ended while there is somebody to end them.
      await Promise.all([whip?.close(), network.close()]);
      activities.close();
    },
  };
}
