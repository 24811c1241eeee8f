import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../api/queries.ts';
import { Problem } from '../../api/problem.ts';
import { may } from '../../app/rooms.ts';
import { devicesQuery } from '../devices/devices-query.ts';
import type { CameraRow } from './camera-types.ts';

/**
 * Stands for a camera that is none any more: its recordings are still here. Undefined while it is one. Devices that were
 * shut out keep their name; of a network camera that was taken away only its id is left.
 */
export function useRemovedCamera(id: string, error: Error | null, me: Me): CameraRow | undefined {
  const isGone = error instanceof Problem && error.code === 'camera_unknown';
  const { data, isPending } = useQuery({ ...devicesQuery, enabled: isGone && may(me, 'devices:read') });
  if (!isGone || (isPending && may(me, 'devices:read'))) return undefined;
  const device = data?.devices.find((known) => known.id === id);
  return {
    id,
    name: device?.name ?? `Removed camera ${id}`,
    place: device?.place ?? '',
    site: device?.site ?? '',
    kind: device?.kind ?? 'mjpeg',
    state: 'offline',
    since_ms: 0,
    per_second: 0,
    objects: {},
  };
}
