import { createHash } from 'node:crypto';

/** What a run can show: `run` speaks for it, `telemetry` sends what its harness tells of itself and nothing else. */
export type CredentialKind = 'run' | 'telemetry';

/** Credentials say by their beginning what they are, so that scanners find what leaked. */
const prefixes: Readonly<Record<CredentialKind, string>> = { run: 'spa_', telemetry: 'spt_' };
const secretShape = /^[\w-]{43}$/;
/** One is never taken for the other, whatever it is called. */
const domains: Readonly<Record<CredentialKind, string>> = {
  run: 'sallyport agent session\0',
  telemetry: 'sallyport agent telemetry\0',
};

function kindOf(token: string): CredentialKind | undefined {
  return (['run', 'telemetry'] as const).find((kind) => token.startsWith(prefixes[kind]));
}

/** Whether a bearer is one of ours. Says nothing of whether it is good. */
export function isAgentToken(token: string): boolean {
  return kindOf(token) !== undefined;
}

/** 256 bits nobody guesses, and what is kept of them. */
export function newCredential(
  kind: CredentialKind,
  random: (length: number) => Uint8Array,
): { readonly token: string; readonly hash: string } {
  const token = prefixes[kind] + Buffer.from(random(32)).toString('base64url');
  return { token, hash: hashOf(kind, token) };
}

/** What is kept of a credential, and what it is; undefined for what is none. There is nothing to guess in 256 random bits, so one SHA-256 is enough. */
export function credentialHash(token: string): { readonly kind: CredentialKind; readonly hash: string } | undefined {
  const kind = kindOf(token);
  if (kind === undefined || !secretShape.test(token.slice(prefixes[kind].length))) return undefined;
  return { kind, hash: hashOf(kind, token) };
}

function hashOf(kind: CredentialKind, token: string): string {
  return createHash('sha256').update(domains[kind]).update(token).digest('hex');
}
