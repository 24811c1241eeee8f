/**
 * Whether the sender of a connection is still there. Once a packet of it was decrypted, DTLS has nothing more to say: the
 * library would take an alert or a new handshake from anybody who writes the sender's address on it, and end. So nothing of
 * DTLS passes from then on, and an alert is a hint, which counts when no packet follows.
 */
export type MediaFlow = {
  /** A packet came that nobody else can have made. */
  noteMedia(): void;
  /** Whether a datagram that is no check of ICE may be looked at (RFC 7983). */
  mayPass(datagram: Uint8Array): boolean;
  /** Somebody said that the sender hangs up, and nothing came since. */
  isOver(): boolean;
};

const alert = 21;
/** What was under way when it hung up. */
const stillComingMs = 1000;
const silenceMs = 2000;

export function createMediaFlow(monotonicMs: () => number): MediaFlow {
  let lastMs: number | undefined;
  let alertMs: number | undefined;
  return {
    noteMedia() {
      lastMs = monotonicMs();
      if (alertMs !== undefined && lastMs - alertMs > stillComingMs) alertMs = undefined;
    },
    mayPass(datagram) {
      const [first = 0] = datagram;
      if (first >= 128 && first <= 191) return true;
      if (first < 20 || first > 63) return false;
      if (lastMs === undefined) return true;
      if (first === alert) alertMs ??= monotonicMs();
      return false;
    },
    isOver: () =>
      alertMs !== undefined && lastMs !== undefined && monotonicMs() - Math.max(alertMs, lastMs) >= silenceMs,
  };
}
