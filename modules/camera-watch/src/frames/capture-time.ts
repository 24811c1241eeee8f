/**
 * Tells when something was captured from what a device's own clock said, which may be wrong by years and may lie. The
 * clock's offset is measured at what arrives: nothing arrives before it was made, so the smallest difference between our
 * clock at arrival and the device's at capture is its offset and the quickest way here. What was slower than that was
 * under way so much longer.
 */
export type CaptureTime = {
  /** Anything the device stamped as it sent it. Wall time of both, milliseconds. */
  hear(deviceMs: number, receivedMs: number): void;
  /** When that was by our clock: at most ten seconds before `receivedMs`, never after. */
  at(deviceMs: number, receivedMs: number): number;
  /** Both, for what is sent as soon as it is made. */
  correct(deviceMs: number, receivedMs: number): number;
};

const maxAgeMs = 10_000;
/** Clocks drift apart, at worst some milliseconds a minute: an old measurement is given up. */
const windowMs = 60_000;
const slots = 6;

export function createCaptureTime(): CaptureTime {
  let least: { readonly slot: number; readonly offsetMs: number }[] = [];

  const hear = (deviceMs: number, receivedMs: number): void => {
    const slot = Math.floor(receivedMs / (windowMs / slots));
    const offsetMs = receivedMs - deviceMs;
    const known = least.find((entry) => entry.slot === slot);
    least = [
      ...least.filter((entry) => entry.slot !== slot && Math.abs(slot - entry.slot) < slots),
      { slot, offsetMs: known === undefined ? offsetMs : Math.min(known.offsetMs, offsetMs) },
    ];
  };

  const at = (deviceMs: number, receivedMs: number): number => {
    const offsetMs = least.length === 0 ? receivedMs - deviceMs : Math.min(...least.map((entry) => entry.offsetMs));
    return Math.max(receivedMs - maxAgeMs, Math.min(receivedMs, deviceMs + offsetMs));
  };

  return {
    hear,
    at,
    correct(deviceMs, receivedMs) {
      hear(deviceMs, receivedMs);
      return at(deviceMs, receivedMs);
    },
  };
}
