import { createHash, timingSafeEqual } from 'node:crypto';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { open, seal } from '../factors/sealing.ts';

/** What somebody goes to the door for certificates for. */
export type AttemptPurpose =
  | {
      readonly kind: 'sign-in';
      /** Of what they have shown already. */
      readonly ticket?: string;
    }
  /** A session that had just proved who they are began it. */
  | { readonly kind: 'bind'; readonly userId: string; readonly sessionId: string; readonly label: string }
  | { readonly kind: 'step-up'; readonly userId: string; readonly sessionId: string }
  /** Somebody who has no factor yet that would do: the ticket says who. */
  | { readonly kind: 'enrol'; readonly enrolment: string; readonly label: string };

/** Stays in the browser that went, as a cookie: no script reads it, no other site sends it. */
export type Attempt = {
  readonly state: string;
  readonly purpose: AttemptPurpose;
  readonly returnPath: string;
  readonly expiresAtMs: number;
};
/** Stands in the address of the door: where to come back to, and a mark of the attempt that says nothing of it. */
export type Errand = {
  readonly mark: string;
  readonly origin: string;
  readonly kind: AttemptPurpose['kind'];
  readonly expiresAtMs: number;
};
/** What the door hands to the browser: whose key the handshake proved, for one attempt. Behind the "#", which no server is sent. */
export type Showing = {
  readonly id: string;
  readonly mark: string;
  readonly certificate: string;
  readonly expiresAtMs: number;
};

type Sealed = { readonly attempt: Attempt; readonly errand: Errand; readonly showing: Showing };

/** Only this server makes and reads them: asking costs nobody room here. One for one use is nothing for another. */
export function createSealing(needs: { readonly key: Uint8Array; readonly random: (length: number) => Uint8Array }) {
  return {
    seal<Kind extends keyof Sealed>(kind: Kind, content: Sealed[Kind]): string {
      const sealed = seal(needs.key, Buffer.from(JSON.stringify(content)), kind, needs.random(12));
      return Buffer.from(sealed, 'base64').toString('base64url');
    },

    /** Undefined for anything that this server did not make for this use. What is over is for the caller to see. */
    open<Kind extends keyof Sealed>(kind: Kind, sealed: string | undefined): Sealed[Kind] | undefined {
      if (sealed === undefined || sealed.length > 20_000) return undefined;
      const bytes = Buffer.from(sealed, 'base64url');
      // One spelling: the decoder passes over padding, foreign letters and bits that are too many.
      if (bytes.toString('base64url') !== sealed) return undefined;
      let opened: unknown;
      try {
        opened = parseJson(open(needs.key, bytes.toString('base64'), kind).toString('utf8'));
      } catch {
        return undefined;
      }
      return isSealed<Kind>(opened) ? opened : undefined;
    },
  };
}

/** Nothing else is sealed under this key and name. */
function isSealed<Kind extends keyof Sealed>(value: unknown): value is Sealed[Kind] {
  return isJsonObject(value) && typeof value['expiresAtMs'] === 'number';
}

export function markOf({ state }: Pick<Attempt, 'state'>): string {
  return createHash('sha256').update('sallyport certificate attempt\0').update(state).digest('base64url');
}

export function isMark(mark: string, attempt: Attempt): boolean {
  const [one, other] = [Buffer.from(mark), Buffer.from(markOf(attempt))];
  return one.length === other.length && timingSafeEqual(one, other);
}
