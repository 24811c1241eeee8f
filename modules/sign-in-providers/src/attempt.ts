import { hkdfSync } from 'node:crypto';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import type { FlowSecrets } from './oidc/oidc-client.ts';
import { safeReturnPath } from './return-path.ts';

/** What somebody went to a provider for. */
export type AttemptPurpose =
  | { readonly kind: 'sign-in' }
  /** To make that account theirs: a session that had just proved who they are began it. */
  | { readonly kind: 'link'; readonly userId: string; readonly sessionId: string }
  /** To see what comes back; makes no session. */
  | { readonly kind: 'trial'; readonly userId: string };

export type Attempt = {
  readonly providerId: string;
  readonly purpose: AttemptPurpose;
  readonly secrets: FlowSecrets;
  readonly redirectUri: string;
  readonly returnPath: string;
  readonly expiresAtMs: number;
};

const rowName = 'sign-in attempt';

/**
 * An attempt lives in the browser that began it, as a cookie that only this server can make and read: an answer that comes to
 * another browser finds none, or another, and is refused (login CSRF, injected codes, mix-up). Asking costs nobody room here.
 */
export function sealAttempt(
  needs: { readonly key: Uint8Array; readonly random: (length: number) => Uint8Array },
  attempt: Attempt,
): string {
  const sealed = sealText(
    { sealingKey: attemptKey(needs.key), random: needs.random },
    rowName,
    JSON.stringify(attempt),
  );
  return Buffer.from(sealed, 'base64').toString('base64url');
}

/** Undefined for anything that this server did not make, or that is over. */
export function openAttempt(key: Uint8Array, sealed: string | undefined, nowMs: number): Attempt | undefined {
  if (sealed === undefined) return undefined;
  let opened: unknown;
  try {
    opened = parseJson(openText(attemptKey(key), rowName, Buffer.from(sealed, 'base64url').toString('base64')));
  } catch {
    return undefined;
  }
  if (!isAttempt(opened) || opened.expiresAtMs <= nowMs) return undefined;
  return { ...opened, returnPath: safeReturnPath(opened.returnPath) };
}

/** Only this module seals under this key. */
function isAttempt(value: unknown): value is Attempt {
  return isJsonObject(value) && typeof value['expiresAtMs'] === 'number' && isJsonObject(value['secrets']);
}

function attemptKey(key: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, '', 'sallyport sign-in attempt', 32));
}
