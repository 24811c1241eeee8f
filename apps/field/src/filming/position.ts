import type { PhoneMessage } from './message.ts';

type PositionMessage = Extract<PhoneMessage, { type: 'position' }>;

/** At most one every five seconds. */
const everyMs = 5000;

/** Tells where the phone is, until it is stopped. `onRefused` when the person or the system says no. */
export function watchPosition(needs: {
  readonly geolocation: Pick<Geolocation, 'watchPosition' | 'clearWatch'>;
  readonly onPosition: (message: PositionMessage) => void;
  readonly onRefused: () => void;
}): () => void {
  let toldMs = -Infinity;
  const watch = needs.geolocation.watchPosition(
    ({ coords, timestamp }) => {
      if (timestamp - toldMs < everyMs) return;
      toldMs = timestamp;
      needs.onPosition({
        type: 'position',
        latitude: coords.latitude,
        longitude: coords.longitude,
        accuracy_m: coords.accuracy,
        at_ms: timestamp,
      });
    },
    ({ code }) => {
      if (code === GeolocationPositionError.PERMISSION_DENIED) needs.onRefused();
    },
    { enableHighAccuracy: true, maximumAge: 10_000 },
  );
  return () => needs.geolocation.clearWatch(watch);
}
