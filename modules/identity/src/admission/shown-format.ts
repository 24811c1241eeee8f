import type { SessionMethod, Shown } from './assurance.ts';

const plainMethods: ReadonlySet<string> = new Set<SessionMethod>([
  'password',
  'totp',
  'passkey',
  'certificate',
  'recovery',
  'code',
]);

/** As it stands with a ticket. */
export function formatShown({ methods, provider }: Shown): string {
  return JSON.stringify({ methods, provider });
}

/** Undefined for what is none: a ticket that says something else says nothing. */
export function parseShown(text: string): Shown | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('methods' in value) || !Array.isArray(value.methods))
    return undefined;
  const methods = value.methods.filter(isMethod);
  if (methods.length !== value.methods.length) return undefined;
  const provider = 'provider' in value ? value.provider : undefined;
  if (provider === undefined) return { methods };
  if (typeof provider !== 'object' || provider === null || !('id' in provider) || !('assurance' in provider))
    return undefined;
  const { id, assurance } = provider;
  if (typeof id !== 'string' || (assurance !== 1 && assurance !== 2 && assurance !== 3)) return undefined;
  const sessionId = 'sessionId' in provider ? provider.sessionId : undefined;
  const own = typeof sessionId === 'string' ? { sessionId } : {};
  return { methods, provider: { id, assurance, ...own } };
}

function isMethod(value: unknown): value is SessionMethod {
  return typeof value === 'string' && (plainMethods.has(value) || /^provider:\S+$/.test(value));
}
