/** Where the first event will show: under a key of its own, or as one more of what a listener takes. */
export type Expected =
  | { readonly kind: 'key'; readonly keyId: string; readonly sinceMs: number }
  | {
      readonly kind: 'listener';
      readonly transport: 'tls' | 'tcp' | 'udp';
      /** What each of its senders had sent when the wait began, by the address of its page. */
      readonly acceptedBefore: ReadonlyMap<string, number>;
      readonly refusedBefore: Readonly<Record<string, number>>;
    };

/** Senders without a key are sources of these two: by address, and by the certificate they show. */
export const listenerOwners = ['syslog', 'syslog-tls'] as const;

/** What was made for a source: what to wait for, and its key where it needs one. */
export type Prepared = {
  readonly expected: Expected;
  readonly source: string;
  readonly key?: string;
  readonly port?: number;
};
