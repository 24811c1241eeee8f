// Keeps the page itself, so that it opens without a network; never an answer of the server's.

/** Written in by the build: the files of this version, and a name for exactly them. */
declare const SHELL: { readonly version: string; readonly files: readonly string[] };

const worker = serviceScope(globalThis.self);
const cacheName = `sallyport-field-${SHELL.version}`;
const page = '/field/';

worker.addEventListener('install', (event) => {
  event.waitUntil(install());
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(activate());
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== worker.location.origin) return;
  // Every address of the page is the page.
  const wanted = request.mode === 'navigate' ? page : pathname;
  if (SHELL.files.includes(wanted)) event.respondWith(fromCache(wanted, request));
});

/** The page asks for it when nothing is being filmed. */
worker.addEventListener('message', (event) => {
  if (event.data === 'use-this-version') void worker.skipWaiting();
});

function serviceScope(scope: WorkerGlobalScope): ServiceWorkerGlobalScope {
  if (scope instanceof ServiceWorkerGlobalScope) return scope;
  throw new TypeError('Cannot keep the page: this is no service worker');
}

async function install(): Promise<void> {
  // Another service worker for the same files: what is there is what the page of this phone opens with.
  const wasThere = await caches.has(cacheName);
  const cache = await caches.open(cacheName);
  // Past the cache of the browser: the names of this version with the content of another would be neither.
  try {
    await cache.addAll(SHELL.files.map((file) => new Request(file, { cache: 'reload', credentials: 'omit' })));
  } catch (error) {
    // A part of a version is none, and nothing else would ever take it away.
    if (!wasThere) await caches.delete(cacheName);
    throw error;
  }
}

async function activate(): Promise<void> {
  for (const name of await caches.keys())
    if (name.startsWith('sallyport-field-') && name !== cacheName) await caches.delete(name);
  await worker.clients.claim();
}

async function fromCache(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  return (await cache.match(path)) ?? fetch(request);
}
