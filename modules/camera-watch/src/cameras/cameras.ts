import { ocsfClass, type JsonObject } from '@sallyport/contracts';
import { auditEvent, type Actor } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import { createSecret } from '@sallyport/platform/secret';
import { createTurns } from '@sallyport/platform/turns';
import { CameraWatchError } from '../errors.ts';
import type { Command, CommandOutcome } from '../frames/commands.ts';
import type { Frame } from '../frames/frame.ts';
import type { FrameHub } from '../frames/frame-hub.ts';
import type { Senders } from '../frames/senders.ts';
import type { CameraDevice, CamerasNeeds, Sight } from '../needs.ts';
import type { WatchState } from '../perception/perceived.ts';
import type { Activities } from './activity.ts';
import { parseCameraAddress, shownAddress } from './camera-address.ts';
import type { ConnectCamera } from './camera-connection.ts';
import type { CameraView, NetworkCameraChange, NewNetworkCamera } from './camera-schema.ts';
import type { CameraStore, NetworkCamera } from './camera-store.ts';
import { lookAtCertificate, trustedFingerprint } from './camera-trust.ts';
import { deviceCameraKind, deviceView, formerView, networkView } from './camera-view.ts';
import type { FormerCameras } from './former-cameras.ts';
import { maxNetworkCameras, type NetworkCameras } from './network-cameras.ts';

/**
 * Why a camera is gone for a reason that is known. `page_closed`: nothing is filmed any more, and whoever closed the page
 * did not say that it should be so.
 */
export type Departure = 'revoked' | 'removed' | 'said_goodbye' | 'page_closed';

/** Every camera there is: the approved devices that are one, and those on the network. */
export type Cameras = {
  /** By name. */
  list(): readonly CameraView[];
  /** Throws `camera_unknown`. */
  get(id: string): CameraView;
  /** Also one that was removed, or whose rights were taken: then with `removed_ms`. Throws `camera_unknown`. */
  show(id: string): CameraView;
  /** The newest. Throws `camera_unknown`, `camera_has_no_picture`. */
  picture(id: string): Frame;
  /** On the network. Throws `camera_url_refused`, `camera_limit`, `camera_certificate_untrusted`, `camera_certificate_changed`. */
  add(camera: NewNetworkCamera, actor: Actor): Promise<CameraView>;
  /** Throws `camera_unknown`, `camera_is_a_device`, and as `add`. */
  change(id: string, change: NetworkCameraChange, actor: Actor): Promise<CameraView>;
  remove(id: string, actor: Actor): Promise<void>;
  /** On record before it is sent, and how it went after. Throws `camera_unknown`, `camera_takes_no_commands`. */
  command(id: string, command: Command, actor: Actor): Promise<CommandOutcome>;
};

type Parts = {
  readonly hub: FrameHub;
  readonly senders: Senders;
  readonly activities: Activities;
  readonly network: NetworkCameras;
  readonly store: CameraStore;
  readonly former: FormerCameras;
  readonly sight: (cameraId: string) => Sight | undefined;
  readonly watchOf: ((cameraId: string) => WatchState) | undefined;
  readonly allowLoopback: boolean;
  readonly connect: ConnectCamera;
  /** Told while the camera is still known. */
  readonly onDepart: (cameraId: string, why: Departure) => void;
};

export function createCameraDirectory(
  needs: Pick<CamerasNeeds, 'database' | 'outbox' | 'devices' | 'clock' | 'random'>,
  parts: Parts,
): Cameras {
  const { hub, senders, activities, network, store, former } = parts;
  /** Changes of cameras on the network: what is fetched from is what was stored last. */
  const inTurn = createTurns();

  function devices(): readonly CameraDevice[] {
    return needs.devices
      .list()
      .filter((device) => device.state === 'approved' && deviceCameraKind(device) !== undefined);
  }

  const live = (id: string) => ({ activity: activities.of(id), sight: parts.sight(id), watched: parts.watchOf?.(id) });

  function list(): readonly CameraView[] {
    const views = [
      ...devices().map((device) => deviceView(device, { ...live(device.id), sender: senders.state(device.id) })),
      ...network.all().map((status) => networkView(status, live(status.camera.id))),
    ];
    return views.toSorted((one, other) => one.name.localeCompare(other.name) || one.id.localeCompare(other.id));
  }

  function get(id: string): CameraView {
    const found = list().find((camera) => camera.id === id);
    if (found === undefined) throw unknown(id);
    return found;
  }

  function show(id: string): CameraView {
    const gone = former.find(id);
    if (gone !== undefined && network.find(id) === undefined) return formerView(gone, gone.removedMs);
    const device = needs.devices.find(id);
    const kind = device === undefined ? undefined : deviceCameraKind(device);
    if (device?.state !== 'revoked' || kind === undefined) return get(id);
    const { name, place = '', site = '', revoked_ms: revokedMs = 0 } = device;
    return formerView({ id, name, place, site, kind }, revokedMs);
  }

  function networkCamera(id: string): NetworkCamera {
    const found = network.find(id);
    if (found !== undefined) return found.camera;
    if (devices().some((device) => device.id === id))
      throw new CameraWatchError('camera_is_a_device', `Cannot change camera "${id}" here: it is a device`, {
        hint: `PATCH /v1/devices/${id}`,
      });
    throw unknown(id);
  }

  function record(
    transaction: Transaction,
    what: {
      readonly action: string;
      readonly activityId: number;
      readonly actor: Actor;
      readonly camera: { readonly id: string; readonly name: string };
      readonly outcome?: 'success' | 'failure';
      readonly details?: JsonObject;
    },
  ): Promise<void> {
    const { camera, actor, ...rest } = what;
    const event = auditEvent({
      nowMs: needs.clock.nowMs(),
      actor: { kind: actor.kind, id: actor.id, name: actor.name },
      classUid: ocsfClass.entityManagement,
      outcome: 'success',
      target: { type: 'camera', id: camera.id, name: camera.name },
      ...rest,
    });
    return needs.outbox.record(transaction, event);
  }

  async function keep(camera: NetworkCamera, actor: Actor, action: string, activityId: number): Promise<CameraView> {
    const { url } = parseCameraAddress(camera.url.reveal(), parts);
    await needs.database.transaction().execute(async (transaction) => {
      await store.save(transaction, camera);
      const { place, site, sound, tlsFingerprint } = camera;
      const trust = tlsFingerprint === undefined ? {} : { tls_fingerprint: tlsFingerprint };
      const details = { place, site, host: url.host, sound, ...trust };
      await record(transaction, { action, activityId, actor, camera, details });
    });
    await needs.outbox.flushed();
    await network.put(camera);
    return get(camera.id);
  }

  return {
    list,
    get,
    show,
    picture(id) {
      get(id);
      const frame = hub.latest(id);
      if (frame === undefined)
        throw new CameraWatchError('camera_has_no_picture', `Cannot show camera "${id}": it has sent no picture yet`);
      return frame;
    },
    async add({ name, place = '', site = '', sound = false, ...given }, actor) {
      const { url } = parseCameraAddress(given.url, parts);
      const tlsFingerprint = trustedFingerprint(url, given.tls_fingerprint);
      await lookAtCertificate(parts.connect, { url, fingerprint: tlsFingerprint });
      return inTurn(async () => {
        if (network.all().length >= maxNetworkCameras)
          throw new CameraWatchError('camera_limit', `Cannot add a camera: there may be ${maxNetworkCameras}`);
        const id = `net-${Buffer.from(needs.random(9)).toString('base64url')}`;
        const camera = { id, ...named({ name, place, site }), url: createSecret(given.url), sound, tlsFingerprint };
        return keep(camera, actor, 'camera.add', 1);
      });
    },
    async change(id, { url: address, tls_fingerprint: given, sound, ...change }, actor) {
      const plan = () => {
        const before = networkCamera(id);
        const was = parseCameraAddress(before.url.reveal(), { allowLoopback: true }).url;
        const { url } = parseCameraAddress(address ?? before.url.reveal(), parts);
        const fingerprint = trustedFingerprint(url, given, { url: was, fingerprint: before.tlsFingerprint });
        const isElsewhere = shownAddress(url) !== shownAddress(was) || fingerprint !== before.tlsFingerprint;
        return { before, url, fingerprint, isElsewhere };
      };
      // Before its turn: one that is slow to show its certificate holds up no other.
      const first = plan();
      if (first.isElsewhere) await lookAtCertificate(parts.connect, first);
      return inTurn(async () => {
        const { before, url, fingerprint, isElsewhere } = plan();
        const isSeen = first.isElsewhere && url.href === first.url.href && fingerprint === first.fingerprint;
        if (isElsewhere && !isSeen) await lookAtCertificate(parts.connect, { url, fingerprint });
        const camera = {
          ...before,
          ...named({ name: before.name, place: before.place, site: before.site, ...change }),
          ...(address === undefined ? {} : { url: createSecret(address) }),
          sound: sound ?? before.sound,
          tlsFingerprint: fingerprint,
        };
        return keep(camera, actor, 'camera.change', 3);
      });
    },
    remove: (id, actor) =>
      inTurn(async () => {
        const camera = networkCamera(id);
        const kind = network.find(id)?.kind;
        await needs.database.transaction().execute(async (transaction) => {
          await store.remove(transaction, id);
          const { name, place, site } = camera;
          const removedMs = needs.clock.nowMs();
          if (kind !== undefined) await former.add(transaction, { id, name, place, site, kind, removedMs });
          await record(transaction, { action: 'camera.remove', activityId: 4, actor, camera });
        });
        await needs.outbox.flushed();
        parts.onDepart(id, 'removed');
        await network.remove(id);
        hub.forget(id);
        activities.forget(id);
      }),
    async command(id, command, actor) {
      const camera = get(id);
      if (senders.state(id)?.connected !== true)
        throw new CameraWatchError('camera_takes_no_commands', `Cannot command camera "${id}": it is not connected`);
      const write = async (action: string, details: JsonObject, outcome: 'success' | 'failure'): Promise<void> => {
        await needs.database
          .transaction()
          .execute((transaction) => record(transaction, { action, activityId: 99, actor, camera, details, outcome }));
        await needs.outbox.flushed();
      };
      await write('camera.command', { ...command }, 'success');
      const outcome = await senders.command(id, command);
      await write(
        'camera.command_result',
        { ...command, ...outcome },
        outcome.state === 'done' ? 'success' : 'failure',
      );
      return outcome;
    },
  };
}

/** As those of devices and sources are kept: sites are compared character by character. */
function named(names: { readonly name: string; readonly place: string; readonly site: string }) {
  const plain = (text: string): string => text.toWellFormed().normalize('NFC').trim();
  return { name: plain(names.name), place: plain(names.place), site: plain(names.site) };
}

function unknown(id: string): CameraWatchError {
  return new CameraWatchError('camera_unknown', `Cannot find camera "${id}"`);
}
