import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { AuditEvent } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import { CameraWatchError } from '../errors.ts';
import type { TamperKind } from '../perception/perceived.ts';
import type { Pictures } from './camera-event.ts';
import type { CameraWatcher } from './camera-watcher.ts';
import type { WatchedCamera } from './watching-needs.ts';

/** Nothing of the view is seen through these: whoever agreed to another one agreed to something they saw. */
const hiding: ReadonlySet<TamperKind | undefined> = new Set(['covered', 'black']);

/** Throws `view_changed` unless the camera is told, and shown, as what its author looked at; gives what is told. */
export function checkTold(
  watcher: CameraWatcher | undefined,
  looked: { readonly camera: WatchedCamera; readonly tampered: TamperKind | undefined },
): TamperKind | undefined {
  const told = watcher?.standing().tamper?.kind;
  const shown = watcher?.newestSign();
  const isHidden = hiding.has(shown) && !hiding.has(told);
  if (told === looked.tampered && !isHidden) return told;
  const now = isHidden ? shown : told;
  throw new CameraWatchError(
    'view_changed',
    `Cannot accept the view of "${looked.camera.name}": it is ${now ?? 'clear'} by now, must be what was looked at`,
    { details: { tampered: now ?? null } },
  );
}

/** Who accepted which view, what was told of it, and the picture. */
export function viewAccepted(accepted: {
  readonly nowMs: number;
  readonly actor: Principal;
  readonly camera: WatchedCamera;
  readonly told: TamperKind | undefined;
  readonly shown: Pictures;
}): AuditEvent {
  const { nowMs, actor, camera, told, shown } = accepted;
  return auditEvent({
    nowMs,
    actor: { kind: actor.kind, id: actor.id, name: actor.name },
    action: 'camera.view.accept',
    classUid: ocsfClass.entityManagement,
    activityId: 3,
    outcome: 'success',
    target: { type: 'camera', id: camera.id, name: camera.name },
    details: { ...(told === undefined ? {} : { tampered: told }), ...shown },
  });
}
