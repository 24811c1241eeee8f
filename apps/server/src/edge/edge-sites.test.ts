import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { CodedError } from '@sallyport/platform/errors';
import { typedApp, type Principal, type Reach, type RoutePlugin } from '@sallyport/platform/http';
import { startEdge, unbound, type TestEdge } from './edge-testing.ts';
import type { DecisionContext, DecisionResource } from './needs.ts';

const byId = { kind: 'camera', parameter: 'id' } as const;
const routes: RoutePlugin = async (fastify) => {
  const app = typedApp(fastify);
  const config = { scope: 'cameras:read' };
  app.get('/v1/cameras', { config: { ...config, narrowed: true } }, async ({ reach }) => ({ sites: [...reach.sites] }));
  app.get('/v1/cameras/:id', { config: { ...config, resource: byId } }, async ({ params }) => params);
  app.get('/v1/cameras/:id/stream', { config: { ...config, resource: byId } }, async (_request, reply) => {
    const stream = new Readable({ read: () => undefined });
    stream.push('first');
    return reply.send(stream);
  });
  app.get('/v1/whole', { config }, async () => ({ ok: true }));
};

/** Somebody with the right at some sites, and cameras that stand somewhere. */
async function startAt(sites: readonly string[]) {
  const cameras = new Map([
    ['gate', 'North'],
    ['yard', 'South'],
  ]);
  const asked: { context: DecisionContext; resource: DecisionResource | undefined }[] = [];
  const state = { sites };
  const person: Principal = { kind: 'user', id: 'u1', name: 'Guy', scopes: [] };
  const isAt = (site: string | undefined): boolean => site !== undefined && state.sites.includes(site);
  const server = await startEdge({
    routes: [routes],
    problems: [{ camera_unknown: { status: 404, title: 'No such camera' } }],
    caller: {
      kind: 'network',
      ...unbound,
      authenticate: async () => person,
      authenticateSession: async () => ({ principal: person }),
      recheck: async () => person,
    },
    decide: async (_principal, _action, context, resource) => {
      asked.push({ context, resource });
      return { allowed: isAt(resource?.kind === 'site' ? resource.id : resource?.site), reason: 'by test' };
    },
    reach: (): Reach => ({
      everywhere: false,
      sites: state.sites,
      except: [],
      isNothing: state.sites.length === 0,
      includes: isAt,
      covers: ({ site }) => isAt(site),
    }),
    resources: {
      find: ({ id }) => {
        const site = cameras.get(id);
        return site === undefined ? undefined : { site };
      },
      absent: ({ id }) => new CodedError('camera_unknown', `Cannot find camera "${id}"`),
    },
  });
  return { server, cameras, asked, state };
}

async function get(
  { port }: TestEdge,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number | undefined; body: string }> {
  const sent = httpRequest({
    host: '127.0.0.1',
    port,
    path,
    headers: { authorization: 'Bearer sp_x', ...headers },
  }).end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const part of response) body += String(part);
  return { status: response.statusCode, body };
}

test('a camera of another site is answered as one that does not exist, word for word', async () => {
  const { server } = await startAt(['North']);
  await using _ = server;
  assert.equal((await get(server, '/v1/cameras/gate')).status, 200);
  const plain = ({ body, status }: { body: string; status: number | undefined }, id: string) => [
    status,
    body.replaceAll(/"instance":"[^"]*"/g, '').replaceAll(id, 'ID'),
  ];
  const foreign = plain(await get(server, '/v1/cameras/yard'), 'yard');
  assert.equal(foreign[0], 404);
  assert.deepEqual(foreign, plain(await get(server, '/v1/cameras/none'), 'none'));
  // What is about none in particular needs the right everywhere.
  assert.equal((await get(server, '/v1/whole')).status, 403);
  assert.deepEqual(JSON.parse((await get(server, '/v1/cameras')).body), { sites: ['North'] });
});

test('whoever has the right nowhere is told so, whether the camera exists or not', async () => {
  const { server } = await startAt([]);
  await using _ = server;
  for (const path of ['/v1/cameras/gate', '/v1/cameras/none', '/v1/cameras', '/v1/whole'])
    assert.equal((await get(server, path)).status, 403, path);
});

test('another spelling of an id, and a site claimed in the address or a header, open nothing', async () => {
  const { server, asked } = await startAt(['North']);
  await using _ = server;
  for (const path of [
    '/v1/cameras/YARD',
    '/v1/cameras/%79ard',
    '/v1/cameras/yard%00',
    '/v1/cameras/yard?site=North',
    '/v1/cameras/yard?id=gate',
    '/v1/cameras/gate%2f..%2fyard',
    '/v1/cameras/./yard',
    '/v1/cameras//yard',
  ])
    assert.notEqual((await get(server, path, { 'x-site': 'North' })).status, 200, path);
  assert.equal(
    (await get(server, '/v1/cameras/%67ate')).status,
    200,
    'the same id in other letters is the same camera',
  );
  assert.ok(asked.every(({ resource }) => resource?.kind !== 'camera' || ['gate', 'yard'].includes(resource.id)));
});

test('where a request comes from is what the connection says, whatever its headers do', async () => {
  const { server, asked } = await startAt(['North']);
  await using _ = server;
  for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'client-ip', 'cf-connecting-ip', 'true-client-ip'])
    await get(server, '/v1/cameras/gate', { [name]: name === 'forwarded' ? 'for=10.0.0.1' : '10.0.0.1' });
  assert.equal(asked.length, 6);
  for (const { context } of asked) assert.deepEqual(context, { channel: 'network', address: '127.0.0.1' });
});

test('a stream of a camera ends when the camera is moved to a site of others, or the role is taken', async () => {
  for (const change of ['moved', 'taken', 'gone'] as const) {
    const { server, cameras, state } = await startAt(['North']);
    await using _ = server;
    const headers = { authorization: 'Bearer sp_x' };
    const sent = httpRequest({ host: '127.0.0.1', port: server.port, path: '/v1/cameras/gate/stream', headers }).end();
    const response: IncomingMessage = (await once(sent, 'response'))[0];
    const ended = new Promise((resolve) => response.once('close', resolve));
    response.on('error', () => undefined);
    await once(response, 'data');
    server.tick();
    await get(server, '/v1/cameras');
    assert.equal(response.destroyed, false, 'it goes on as long as nothing changes');
    if (change === 'moved') cameras.set('gate', 'South');
    if (change === 'taken') state.sites = [];
    if (change === 'gone') cameras.delete('gate');
    server.tick();
    await ended;
    assert.equal(server.decisions.filter(({ code }) => code === 'internal').length, 0);
  }
});
