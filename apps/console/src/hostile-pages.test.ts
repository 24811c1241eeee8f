import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { after, before, test } from 'node:test';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { addPasskeyDevice, chromiumPath, startBrowser } from './testing/browser.ts';
import { signUp } from './testing/sign-up.ts';

// A page of somebody else's, on another port of this very machine, open in the same browser as a signed-in console: the
// same site for cookies, another origin for everything else. That is as near as a stranger's page can come.
const server = createServerUnderTest();
const received: string[] = [];
let browser: Browser;
let context: BrowserContext;
let console_: Page;
let hostile: Page;
let stranger: Server;
let strangerAddress = '';
let consoleAddress = '';

before(async () => {
  const chromium = chromiumPath();
  assert.ok(chromium !== undefined, 'Cannot test the console: there is no Chromium. apt-get install -y chromium');
  await server.start();
  stranger = createServer((request, reply) => {
    received.push(`${request.method ?? ''} ${request.url ?? ''}`);
    reply.writeHead(200, { 'content-type': request.url === '/worker.js' ? 'text/javascript' : 'text/html' });
    reply.end(request.url === '/worker.js' ? '' : '<!doctype html><title>Win a prize</title><body></body>');
  });
  await new Promise<void>((resolve) => void stranger.listen(0, '127.0.0.1', () => resolve()));
  const bound = stranger.address();
  strangerAddress = `http://localhost:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  browser = await startBrowser(chromium);
  context = await browser.newContext();
  console_ = await context.newPage();
  await addPasskeyDevice(context, console_);
  await signUp(console_, server.output());
  consoleAddress = new URL('/', console_.url()).origin;
  hostile = await context.newPage();
});

after(async () => {
  await browser.close();
  stranger.closeAllConnections();
  stranger.close();
  await server.end();
});

/** Runs a script in the stranger's page, which knows the console's address as `target`. */
async function tries<Found>(script: string): Promise<Found> {
  await hostile.goto(strangerAddress);
  return hostile.evaluate<Found>(`(async () => { const target = '${consoleAddress}'; ${script} })()`);
}

async function users(): Promise<string> {
  return console_.evaluate<string>("fetch('/v1/users').then((answer) => answer.text())");
}

for (const tag of ['iframe', 'object', 'embed'] as const) {
  for (const path of ['/', '/alerts', '/v1/session', '/evidence.html', '/gate.svg']) {
    test(`<${tag}> of a stranger's page shows nothing of ${path}`, async () => {
      const name = tag === 'object' ? 'data' : 'src';
      await tries(`
        const framed = document.createElement('${tag}');
        framed.${name} = target + '${path}';
        framed.width = 800; framed.height = 600;
        const told = new Promise((done) => { framed.onload = done; framed.onerror = done; });
        document.body.append(framed);
        // Of some kinds of refusal the page is told nothing.
        await Promise.race([told, new Promise((done) => setTimeout(done, 2000))]);
      `);
      // What was refused is an error page of the browser's own, which is no frame of ours.
      const shown = hostile.frames().filter((frame) => frame.url().startsWith(consoleAddress));
      for (const frame of shown) {
        const text = await frame.evaluate<string>('document.documentElement.innerText').catch(() => '');
        assert.equal(text.includes('Ada') || text.includes('Sallyport') || text.includes('"user"'), false, text);
      }
    });
  }
}

test('A window that a stranger opened is out of its reach, and cannot be turned on the stranger either', async () => {
  const popup = context.waitForEvent('page');
  const found = await tries<{ readonly closed: boolean; readonly length: number; readonly document: string }>(`
    const opened = window.open(target + '/alerts');
    for (let tries = 0; tries < 600 && !opened.closed; tries += 1) await new Promise((done) => setTimeout(done, 50));
    let document = 'refused';
    try { document = String(opened.document.title); } catch {}
    return { closed: opened.closed, length: opened.length, document };
  `);
  assert.equal(found.document, 'refused');
  // Cross-Origin-Opener-Policy has cut the two apart: to its opener the window is gone.
  assert.equal(found.closed, true);
  const page = await popup;
  assert.equal(await page.evaluate('window.opener'), null);
  await page.close();
});

test('A stranger reads no answer, with or without the cookie', async () => {
  const found = await tries<readonly string[]>(`
    const found = [];
    for (const path of ['/v1/session', '/v1/events', '/v1/users', '/v1/ledger', '/evidence.html', '/']) {
      for (const mode of ['cors', 'no-cors']) {
        try {
          const answer = await fetch(target + path, { credentials: 'include', mode });
          const text = await answer.text();
          if (text !== '') found.push(path + ' ' + mode + ': ' + text.slice(0, 80));
        } catch {}
      }
    }
    return found;
  `);
  assert.deepEqual(found, []);
});

test('A stranger changes nothing in the name of who is signed in, by fetch, by form or by beacon', async () => {
  const before_ = await users();
  const changes = await tries<readonly number[]>(`
    const body = JSON.stringify({ name: 'Mallory', roles: ['admin'] });
    const statuses = [];
    for (const path of ['/v1/users', '/v1/invitations', '/v1/keys', '/v1/session/revoke-all', '/v1/demo/replay']) {
      for (const headers of [{}, { 'content-type': 'text/plain' }, { 'content-type': 'application/json', 'x-sallyport': '1' }]) {
        for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
          try { statuses.push((await fetch(target + path, { method, headers, body, credentials: 'include' })).status); } catch {}
        }
      }
      navigator.sendBeacon(target + path, body);
    }
    return statuses;
  `);
  assert.deepEqual(changes, [], 'no answer was readable');
  for (const path of ['/v1/session', '/v1/users', '/v1/keys']) {
    await tries(`
      const form = document.createElement('form');
      form.method = 'post'; form.enctype = 'text/plain'; form.action = target + '${path}';
      form.innerHTML = '<input name="{&quot;name&quot;:&quot;Mallory&quot;,&quot;a&quot;:&quot;" value="&quot;}">';
      document.body.append(form);
      form.submit();
    `).catch(() => undefined);
    await hostile.waitForURL(consoleAddress + path);
  }
  assert.equal(await users(), before_);
  const session = await console_.evaluate<number>("fetch('/v1/session').then((answer) => answer.status)");
  assert.equal(session, 200, 'still signed in');
});

test('A stranger follows no live stream and opens no socket', async () => {
  const found = await tries<readonly string[]>(`
    const found = [];
    await Promise.all(['/v1/live', '/v1/alerts/stream'].map((path) => new Promise((done) => {
      const source = new EventSource(target + path, { withCredentials: true });
      for (const kind of ['message', 'alert', 'events', 'state', 'open']) source.addEventListener(kind, () => found.push(path + ' ' + kind));
      source.addEventListener('error', () => { if (source.readyState === EventSource.CLOSED) done(); });
      setTimeout(() => { source.close(); done(); }, 10_000);
    })));
    await new Promise((done) => {
      const socket = new WebSocket(target.replace('http', 'ws') + '/v1/live');
      socket.addEventListener('open', () => found.push('socket'));
      socket.addEventListener('close', done);
      setTimeout(() => { socket.close(); done(); }, 10_000);
    });
    return found;
  `);
  assert.deepEqual(found, []);
});

test('A stranger’s script or worker is not run at the console’s address, nor the console’s at the stranger’s', async () => {
  const registered = await console_.evaluate<string>(
    `navigator.serviceWorker.register('${strangerAddress}/worker.js').then(() => 'registered', (error) => error.name)`,
  );
  assert.notEqual(registered, 'registered');
  const ours = await console_.evaluate<string>(
    "navigator.serviceWorker.register('/v1/session').then(() => 'registered', (error) => error.name)",
  );
  assert.notEqual(ours, 'registered');
  const loaded = await console_.evaluate<boolean>(`new Promise((done) => {
    const script = document.createElement('script');
    script.src = '${strangerAddress}/script.js';
    script.onload = () => done(true);
    script.onerror = () => done(false);
    document.head.append(script);
  })`);
  assert.equal(loaded, false);
  const told = await console_.evaluate<boolean>(
    `fetch('${strangerAddress}/leak?secret', { mode: 'no-cors' }).then(() => true, () => false)`,
  );
  assert.equal(told, false);
  assert.deepEqual(
    received.filter((line) => /script\.js|worker\.js|leak/.test(line)),
    [],
    'not even asked for',
  );
});

test('A message from another window moves nothing in the console', async () => {
  await console_.goto(`${consoleAddress}/`);
  const before_ = console_.url();
  await console_.evaluate(
    "for (const data of ['close', { type: 'navigate', to: '//evil.example' }, { __proto__: { admin: true } }]) window.postMessage(data, '*')",
  );
  await console_.waitForTimeout(200);
  assert.equal(console_.url(), before_);
});

test('No address makes the console go elsewhere, ask for another path than it says, or change every object', async () => {
  const asked: string[] = [];
  console_.on('request', (request) => asked.push(request.url()));
  for (const address of [
    '//evil.example/%2e%2e',
    '/search?open=../../keys',
    '/search?open=..%2F..',
    '/alerts?open=..',
    '/alerts?open=.',
    '/verify?at=../..',
    '/verify?at=1/..&flip=99999999.9',
    '/search?__proto__[polluted]=1&constructor.prototype.polluted=1&cols=__proto__,constructor',
    '/search?q=%00%EF%BF%BF(((((&from=nonsense&to=+275760-09-13T00:00:00.001Z&range=__proto__',
    '/sign-in?next=https://evil.example&redirect=//evil.example&return_to=javascript:alert(1)',
    '/search?q="><script>document.title=1</script>&open=javascript:alert(1)',
  ]) {
    await console_.goto(consoleAddress + address);
    await console_.getByRole('main').getByRole('heading').first().waitFor();
    assert.equal(new URL(console_.url()).origin, consoleAddress);
    assert.equal(await console_.evaluate('({}).polluted'), undefined, address);
  }
  const elsewhere = asked.filter((url) => !url.startsWith(`${consoleAddress}/`) && !url.startsWith('data:'));
  assert.deepEqual(elsewhere, []);
  const paths = asked.map((url) => new URL(url).pathname);
  assert.deepEqual(
    paths.filter((path) => /^\/v1\/(keys|ledger\/proof\/?)?$/.test(path)),
    [],
    'no request was bent to another path',
  );
});
