import type { AlertRow } from '../api/queries.ts';

/** Kept by this browser, off until somebody turns them on in Settings. */
export const soundKey = 'sallyport.sound';
export const notificationKey = 'sallyport.notification';
const lastKey = 'sallyport.last-announced';
const announceLock = 'sallyport.announce';

/**
 * Sound and notification, once for an alert however many windows are open, and only what was asked for. The windows take
 * turns; where they cannot (a page without TLS that is not of this machine), the one that looks first speaks.
 */
export function announceAlert(alert: AlertRow): void {
  const speakOnce = (): void => {
    if (takeTurn(localStorage, alert)) speak(alert);
  };
  if (isSecureContext) void navigator.locks.request(announceLock, speakOnce);
  else speakOnce();
}

/** Whether nobody has announced the alert yet; from now on somebody has. By time: after a restore numbers begin anew. */
export function takeTurn(
  storage: Pick<Storage, 'getItem' | 'setItem'>,
  { created_at, number }: Pick<AlertRow, 'created_at' | 'number'>,
): boolean {
  const [lastMs = 0, lastNumber = 0] = (storage.getItem(lastKey) ?? '').split('/').map(Number);
  const createdMs = Date.parse(created_at);
  if (createdMs < lastMs || (createdMs === lastMs && number <= lastNumber)) return false;
  storage.setItem(lastKey, `${createdMs}/${number}`);
  return true;
}

function speak(alert: AlertRow): void {
  if (localStorage.getItem(soundKey) === 'true') playTone(alert.severity_id >= 4);
  const mayNotify =
    localStorage.getItem(notificationKey) === 'true' &&
    'Notification' in window &&
    Notification.permission === 'granted';
  if (mayNotify && document.visibilityState === 'hidden') {
    const notification = new Notification(`${alert.level}: ${alert.title}`, { tag: `sallyport-${alert.id}` });
    notification.addEventListener('click', () => {
      window.focus();
      location.assign(`/alerts?open=${encodeURIComponent(alert.id)}`);
    });
  }
}

/** Two soft tones, higher when it matters more. Silent when the browser has not let the page make sounds yet. */
export function playTone(urgent: boolean): void {
  const audio = new AudioContext();
  if (audio.state === 'suspended') {
    void audio.close();
    return;
  }
  const gain = audio.createGain();
  gain.connect(audio.destination);
  const start = audio.currentTime;
  gain.gain.setValueAtTime(0.0001, start);
  gain.gain.exponentialRampToValueAtTime(0.12, start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.45);
  const oscillator = audio.createOscillator();
  oscillator.frequency.setValueAtTime(urgent ? 784 : 523, start);
  oscillator.frequency.setValueAtTime(urgent ? 1046 : 659, start + 0.15);
  oscillator.connect(gain);
  oscillator.start(start);
  oscillator.stop(start + 0.5);
  oscillator.addEventListener('ended', () => void audio.close());
}
