// The page of the phone: everything it needs of the browser is handed over here.
import { watchBattery } from './filming/battery.ts';
import { isTurnTaken, takeTurn } from './filming/one-at-a-time.ts';
import { createFilmingKit } from './filming-kit.ts';
import { codeOfLink, createEnrolment } from './identity/enrolment.ts';
import { createKeyStore } from './identity/key-store.ts';
import { createMemory } from './identity/memory.ts';
import type { Unfit } from './identity/phase.ts';
import { platformWords } from './identity/platform-words.ts';
import { createServerApi } from './identity/server-api.ts';
import { createSession } from './identity/session.ts';
import { createPhone } from './phone.ts';
import type { Phone, PhoneView } from './phone.ts';
import { createRecorder } from './recording/recorder.ts';
import { createScreen } from './screen/screen.ts';
import { keepPage } from './update.ts';
import type { KeptPage } from './update.ts';

const { host } = location;
const nowMs = (): number => Date.now();
const after = (ms: number, work: () => void): (() => void) => {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
};

function whyUnfit(): Unfit | undefined {
  if (!isSecureContext) return 'insecure';
  if (!('mediaDevices' in navigator) || !('OffscreenCanvas' in globalThis) || !('locks' in navigator))
    return 'no_camera';
  return 'indexedDB' in globalThis && 'subtle' in crypto ? undefined : 'no_keys';
}

/** At most once a painted picture: numbers change faster than anybody reads. */
function oncePerFrame(show: (view: PhoneView) => void): (view: PhoneView) => void {
  let newest: PhoneView | undefined;
  return (view) => {
    if (newest === undefined) requestAnimationFrame(flush);
    newest = view;
  };
  function flush(): void {
    const view = newest;
    newest = undefined;
    if (view !== undefined) show(view);
  }
}

function createBrowserPhone(video: HTMLVideoElement, onView: (view: PhoneView) => void): Phone {
  const { subtle } = crypto;
  const ask = createServerApi({ fetch: (...asked) => fetch(...asked), deadline: (ms) => AbortSignal.timeout(ms) });
  const keyStore = createKeyStore({ indexedDB, subtle });
  const memory = createMemory(localStorage);
  const recorder = createRecorder({
    worker: new Worker(new URL('./workers/recording-worker.ts', import.meta.url), { type: 'module' }),
    onStatus: (status) => phone.recordingsChanged(status),
    onTokenRefused: () => phone.tokenRefused(),
  });
  const phone = createPhone({
    keyStore,
    memory,
    recorder,
    enrol: createEnrolment({ ask, keyStore, subtle, host, platform: platformWords(navigator.userAgent) }),
    createSession: ({ keys, identity }) => createSession({ ask, keys, identity, host, subtle, nowMs }),
    createFilmingKit: (session, told) => createFilmingKit({ session, recorder, memory, video, after, ...told }),
    takeTurn: () => takeTurn(navigator.locks),
    async mayFilmUnasked() {
      try {
        return (await navigator.permissions.query({ name: 'camera' })).state === 'granted';
      } catch {
        return false;
      }
    },
    after,
    nowMs,
    onView,
  });
  return phone;
}

async function run(root: HTMLElement): Promise<void> {
  const code = codeOfLink(location.hash);
  // The code is used here and stays in no history.
  if (location.hash !== '') history.replaceState(null, '', location.pathname);
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.setAttribute('aria-label', 'What is being filmed');
  let page: KeptPage = { useUpdate: () => undefined, rested: () => undefined };
  let show = (_view: PhoneView): void => undefined;
  const why = whyUnfit();
  const phone = createBrowserPhone(
    video,
    oncePerFrame((view) => show(view)),
  );
  const isBusy = (): boolean => ['filming', 'invited'].includes(phone.view().phase.kind);
  let wasBusy = false;
  const screen = createScreen(root, { phone, host, video, useUpdate: () => page.useUpdate() });
  show = (view) => {
    screen(view);
    if (wasBusy && !isBusy()) page.rested();
    wasBusy = isBusy();
  };
  show(phone.view());
  if (why !== undefined) return phone.unfit(why);

  addEventListener('online', () => phone.networkChanged(true));
  addEventListener('offline', () => phone.networkChanged(false));
  addEventListener('pagehide', () => phone.leaving());
  // The link of another code, opened in the same window.
  addEventListener('hashchange', () => codeOfLink(location.hash) !== undefined && location.reload());
  await phone.open(code).catch(() => phone.unfit('no_keys'));
  await navigator.storage.persist().catch(() => false);
  await watchBattery(navigator, (battery) => phone.batteryChanged(battery));
  if (!('serviceWorker' in navigator)) return undefined;
  page = await keepPage({
    serviceWorker: navigator.serviceWorker,
    isBusy,
    filmsElsewhere: () => isTurnTaken(navigator.locks),
    after,
    onUpdate: () => phone.updateFound(),
    reload: () => location.reload(),
  });
  return undefined;
}

const root = document.getElementById('screen');
if (root !== null) void run(root);
