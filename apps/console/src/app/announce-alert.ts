import type { AlertRow } from '../api/queries.ts';

/** Kept by this browser, off until somebody turns them on in Settings. */
export const soundKey = 'sallyport.sound';
export const notificationKey = 'sallyport.notification';
const heldMs = 10_000;
/** Later than this a tone says nothing any more. */
const startLimitMs = 1000;

type Way = 'sound' | 'notification';
const lastKeys: Readonly<Record<Way, string>> = {
  sound: 'sallyport.last-sounded',
  notification: 'sallyport.last-notified',
};

/**
 * Sound and notification, once each time an alert is announced, however many windows are open, and only what was asked for. A window that may
 * make no sound, because nobody has touched it yet, leaves that to one that may.
 */
export function announceAlert(alert: AlertRow): void {
  if (localStorage.getItem(soundKey) === 'true' && mayMakeSounds())
    inTurn('sound', alert, () => playTone(alert.severity_id >= 4));
  if (mayNotify()) inTurn('notification', alert, () => notify(alert));
}

/**
 * In one window only. What one has written to its storage another may not see at once, so the turn is a lock on this very
 * alert, held until it does. Where there are no locks (a page without TLS that is not of this machine), storage has to do.
 */
function inTurn(way: Way, alert: AlertRow, speak: () => void): void {
  const speakOnce = (): void => {
    if (takeTurn(localStorage, way, alert)) speak();
  };
  if (!isSecureContext) {
    speakOnce();
    return;
  }
  void navigator.locks.request(
    `sallyport.announce/${way}/${alert.id}/${alert.announcement}`,
    { ifAvailable: true },
    async (lock) => {
      if (lock === null) return;
      speakOnce();
      await new Promise((done) => setTimeout(done, heldMs));
    },
  );
}

/** Whether nobody has announced the alert yet in this way; from now on somebody has. By time: after a restore numbers begin anew. */
export function takeTurn(
  storage: Pick<Storage, 'getItem' | 'setItem'>,
  way: Way,
  { announced_at: at, announcement }: Pick<AlertRow, 'announced_at' | 'announcement'>,
): boolean {
  const [lastMs = 0, lastNumber = 0] = (storage.getItem(lastKeys[way]) ?? '').split('/').map(Number);
  const announcedMs = Date.parse(at);
  if (announcedMs < lastMs || (announcedMs === lastMs && announcement <= lastNumber)) return false;
  storage.setItem(lastKeys[way], `${announcedMs}/${announcement}`);
  return true;
}

/** What to add to the title of an alert that was announced before. */
export function againWords({
  announcement,
  number,
  count,
}: Pick<AlertRow, 'announcement' | 'number' | 'count'>): string {
  return announcement === number ? '' : ` again, ×${count}`;
}

function mayMakeSounds(): boolean {
  return !('userActivation' in navigator) || navigator.userActivation.hasBeenActive;
}

function mayNotify(): boolean {
  return (
    localStorage.getItem(notificationKey) === 'true' &&
    'Notification' in window &&
    Notification.permission === 'granted'
  );
}

/** Not when the page is looked at: there it is on the screen already. */
function notify(alert: AlertRow): void {
  if (document.visibilityState !== 'hidden') return;
  const notification = new Notification(`${alert.level}: ${alert.title}${againWords(alert)}`, {
    // Another one each time: a notification that replaces another with its tag is not shown anew.
    tag: `sallyport-${alert.id}-${alert.announcement}`,
  });
  notification.addEventListener('click', () => {
    window.focus();
    location.assign(`/alerts?open=${encodeURIComponent(alert.id)}`);
  });
}

/** Two soft tones, higher when it matters more. Silent when the browser has not let the page make sounds yet. */
export function playTone(urgent: boolean): void {
  const audio = new AudioContext();
  // Some browsers start it only after a moment, and never when the page may make no sounds.
  const giveUp = setTimeout(() => void audio.close(), startLimitMs);
  void audio.resume().then(() => {
    clearTimeout(giveUp);
    sound(audio, urgent);
  }, ignoreClosed);
}

/** Closing it refuses the promise that it resumes. */
function ignoreClosed(): void {}

function sound(audio: AudioContext, urgent: boolean): void {
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
