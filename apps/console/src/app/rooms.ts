import {
  IconBell,
  IconBroadcast,
  IconDeviceCctv,
  IconDeviceMobile,
  IconHourglass,
  IconKey,
  IconLayoutDashboard,
  IconListCheck,
  IconRobot,
  IconSearch,
  IconSettings,
  IconStack2,
  IconUserExclamation,
  IconUsers,
} from '@tabler/icons-react';
import type { Me } from '../api/queries.ts';

export type Room = {
  readonly path: string;
  readonly name: string;
  readonly icon: typeof IconBell;
  readonly needs: readonly string[];
};

const rooms: readonly Room[] = [
  { path: '/', name: 'Overview', icon: IconLayoutDashboard, needs: [] },
  { path: '/live', name: 'Live', icon: IconDeviceCctv, needs: ['cameras:read'] },
  { path: '/alerts', name: 'Alerts', icon: IconBell, needs: ['alerts:read'] },
  { path: '/rules', name: 'Rules', icon: IconListCheck, needs: ['alerts:read', 'rules:read'] },
  { path: '/entities', name: 'Entities', icon: IconUserExclamation, needs: ['alerts:read'] },
  { path: '/search', name: 'Search', icon: IconSearch, needs: ['events:read'] },
  { path: '/sources', name: 'Sources', icon: IconBroadcast, needs: ['events:read'] },
  { path: '/devices', name: 'Devices', icon: IconDeviceMobile, needs: ['devices:read'] },
  { path: '/agents', name: 'Agents', icon: IconRobot, needs: ['agents:read', 'agents:run'] },
  { path: '/ledger', name: 'Ledger', icon: IconStack2, needs: ['ledger:read'] },
  { path: '/keys', name: 'Keys', icon: IconKey, needs: ['vault:read'] },
  { path: '/retention', name: 'Retention', icon: IconHourglass, needs: ['vault:read'] },
  { path: '/people', name: 'People & access', icon: IconUsers, needs: ['users:read', 'sessions:own', 'audit:read'] },
  { path: '/settings', name: 'Settings', icon: IconSettings, needs: [] },
];

export function may(me: Me, action: string): boolean {
  return me.permissions.includes(action);
}

/** Everywhere, or at some site: enough for a room that shows what stands there. */
function mayAnywhere(me: Me, action: string): boolean {
  return may(me, action) || me.site_permissions.some(({ permissions }) => permissions.includes(action));
}

/** Rooms of which the part at one site makes sense by itself. */
const roomsOfSites: ReadonlySet<string> = new Set(['/live', '/alerts', '/search', '/devices']);

/** What a role may not enter is not shown. */
export function roomsFor(me: Me): Room[] {
  return rooms.filter(({ path, needs }) => {
    const isAllowed = roomsOfSites.has(path) ? mayAnywhere : may;
    return needs.length === 0 || needs.some((action) => isAllowed(me, action));
  });
}

/** The room that a page belongs to: pages of a room stand under its path. */
export function roomOf(path: string): string {
  // Evidence is tried out in a room of its own, which belongs to the ledger.
  if (path === '/verify') return '/ledger';
  return rooms.find((room) => path === room.path || path.startsWith(`${room.path}/`))?.path ?? path;
}
