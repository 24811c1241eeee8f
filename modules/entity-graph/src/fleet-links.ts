import { nodeId } from './entity.ts';
import type { Entity } from './entity.ts';
import type { Link } from './graph.ts';
import type { AroundNeeds } from './needs.ts';

/** What the fleet knows of cameras that are devices: which carries them, where it is, and who let it in. */
export function fleetLinks(device: AroundNeeds['device'], known: readonly Entity[]): Link[] {
  const cameras = new Map(known.filter(({ kind }) => kind === 'camera').map((camera) => [nodeId(camera), camera]));
  return [...cameras.values()].flatMap((camera) => {
    const found = device(camera.name);
    if (found === undefined) return [];
    const carrier: Entity = { kind: 'device', name: found.name };
    const said = { count: 0, failed: 0, examples: [] };
    return [
      { from: camera, to: carrier, relation: 'is_carried_by', ...said },
      ...(found.site === '' ? [] : [{ from: carrier, to: site(found.site), relation: 'is_at', ...said } as const]),
      ...(found.approvedBy === undefined
        ? []
        : [{ from: person(found.approvedBy), to: carrier, relation: 'approved', ...said } as const]),
    ];
  });
}

function site(name: string): Entity {
  return { kind: 'site', name };
}

function person(name: string): Entity {
  return { kind: 'person', name };
}
