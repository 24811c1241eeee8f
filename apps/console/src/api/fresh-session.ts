import { signRequest } from './browser-key.ts';
import { readProblem } from './problem.ts';

/** When any tab last got a new cookie; says nothing of who. */
const refreshedKey = 'sallyport.refreshed';
const lockName = 'sallyport.session';
const path = '/v1/session/refresh';
/** The cookie is good for five minutes. */
const refreshAfterMs = 150_000;
const lookEveryMs = 20_000;

/**
 * Gets a new cookie for a session that is bound to this browser's key, unless some tab of it got one since `sinceMs`. False when
 * the session is over, the key is gone, or the server does not answer.
 */
export async function refreshSession(sinceMs: number): Promise<boolean> {
  // One tab at a time: of two answers, the browser might keep the one that the server has forgotten.
  return navigator.locks.request(lockName, async () => {
    if (refreshedAtMs() >= sinceMs) return true;
    const asked = await send(undefined);
    if (asked === undefined) return false;
    const problem = asked.ok ? undefined : readProblem(asked, await asked.text());
    const challenge = problem?.details.get('challenge');
    const session = problem?.details.get('session');
    if (problem?.code === 'key_proof_required' && typeof challenge === 'string' && typeof session === 'string') {
      const proof = await signRequest({ session, method: 'POST', address: path, body: undefined, challenge });
      if (proof === undefined || (await send(proof))?.ok !== true) return false;
    } else if (problem !== undefined) return false;
    noteRefreshed();
    return true;
  });
}

/** The cookie is new: nobody need ask for another one yet. */
export function noteRefreshed(): void {
  localStorage.setItem(refreshedKey, String(Date.now()));
}

/** Keeps the cookie from going stale while a page is open: pictures and streams cannot ask for another one. Until the returned function is called. */
export function keepFresh(): () => void {
  const look = (): void => {
    const sinceMs = Date.now() - refreshAfterMs;
    if (refreshedAtMs() < sinceMs && navigator.onLine) void refreshSession(sinceMs);
  };
  const looking = setInterval(look, lookEveryMs);
  // Back from sleep, from another tab, from no network.
  document.addEventListener('visibilitychange', look);
  window.addEventListener('online', look);
  look();
  return () => {
    clearInterval(looking);
    document.removeEventListener('visibilitychange', look);
    window.removeEventListener('online', look);
  };
}

/** When any tab last got a new cookie. A clock that was set back must not keep us from asking. */
export function refreshedAtMs(): number {
  const atMs = Number(localStorage.getItem(refreshedKey) ?? 0);
  return atMs <= Date.now() ? atMs : 0;
}

async function send(proof: string | undefined): Promise<Response | undefined> {
  const isByHand = !('userActivation' in navigator) || navigator.userActivation.isActive;
  try {
    return await fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: {
        'x-sallyport': '1',
        ...(isByHand ? {} : { 'x-sallyport-background': '1' }),
        ...(proof === undefined ? {} : { 'x-sallyport-proof': proof }),
      },
    });
  } catch {
    return undefined;
  }
}
