// Each route as somebody whose role counts at one site alone, about what stands there, elsewhere, or nowhere.
import assert from 'node:assert/strict';
import { siteActions } from '@sallyport/access-policy';
import { ask, inLots, isForeign, type Route } from './access-routes.fixture.ts';
import { textIn, type Access, type Caller } from './access.fixture.ts';

export type Sites = {
  /** Of a camera, which is a device too. */
  readonly own: string;
  readonly foreign: string;
};

/** A camera at each of two sites. */
export async function furnishSites(access: Access, caller: Caller): Promise<Sites> {
  const make = async (name: string, site: string): Promise<string> => {
    const { body } = await access.call('POST', '/v1/devices/streams', { caller, body: { name, site } });
    const device = body['device'];
    const id = typeof device === 'object' && device !== null ? textIn({ ...device }, 'id') : '';
    assert.notEqual(id, '', JSON.stringify(body));
    return id;
  };
  return { own: await make('North gate', 'North'), foreign: await make('South gate', 'South') };
}

const absent = { camera: 'camera_unknown', device: 'device_unknown' } as const;

/** What must come of it, from what the role may do and what the route is about. Throws for a route about something new. */
function expectedOf(route: Route, allowed: readonly string[], isOwn: boolean): 'in' | 'refused' | 'absent' {
  const { action, resource } = route;
  if (action === 'sessions:own') return 'in';
  const isHeld = allowed.includes(action) && siteActions.some((one) => one === action);
  switch (resource) {
    case 'server':
      return 'refused';
    case 'site':
      return isHeld ? 'in' : 'refused';
    case 'camera':
    case 'device':
      return !isHeld ? 'refused' : isOwn ? 'in' : 'absent';
    default:
      return assert.fail(`${route.method} ${route.path} is about "${resource}": say here what that means`);
  }
}

/** Returns how many questions there were. */
export async function askAtSite(
  access: Access,
  routes: readonly Route[],
  who: { readonly caller: Caller; readonly role: string; readonly allowed: readonly string[]; readonly sites: Sites },
): Promise<number> {
  const { caller, role, allowed, sites } = who;
  let asked = 0;
  await inLots(routes, async (route) => {
    const isOne = route.resource === 'camera' || route.resource === 'device';
    for (const [id, isOwn] of isOne
      ? ([
          [sites.own, true],
          [sites.foreign, false],
          ['none', false],
        ] as const)
      : [['none', true] as const]) {
      const { status, code } = await ask(access, route, caller, id);
      asked += 1;
      const name = `${route.method} ${route.path} of ${isOwn ? 'their' : 'another'} site as ${role} at a site: ${status} ${code}`;
      const expected = expectedOf(route, allowed, isOwn);
      if (expected === 'refused') assert.equal(code, 'scope_missing', name);
      else if (expected === 'absent')
        assert.deepEqual([status, code], [404, route.resource === 'camera' ? absent.camera : absent.device], name);
      else {
        assert.ok(code !== 'scope_missing' && status !== 401, name);
        if (isOne) assert.ok(code !== absent.camera && code !== absent.device, name);
        if (route.method !== 'GET' && !isForeign(route)) assert.equal(status, 415, name);
      }
    }
  });
  return asked;
}
