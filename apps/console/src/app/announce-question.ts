import { notificationKey } from './announce-alert.ts';

/** Where a question is answered; what somebody came for stands first there. */
export function questionAddress(id: string): string {
  return `/agents/approvals?question=${encodeURIComponent(id)}`;
}

/** So often at most: what comes meanwhile stands in the console. */
const everyMs = 60_000;
const lastKey = 'sallyport.last-question';

/**
 * Shows that an agent waits, and leads to its question, where this browser may and nobody looks at the console; once for all windows. Never what it asks: a
 * notification is read on a locked screen too.
 */
export function announceQuestion(id: string): void {
  if (document.visibilityState !== 'hidden' || localStorage.getItem(notificationKey) !== 'true') return;
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  const nowMs = Date.now();
  const lastMs = Number(localStorage.getItem(lastKey) ?? '0');
  // A clock that was set back does not silence it for ever.
  if (nowMs >= lastMs && nowMs - lastMs < everyMs) return;
  localStorage.setItem(lastKey, String(nowMs));
  let notification: Notification;
  try {
    notification = new Notification('An AI agent waits for your answer', {
      body: 'What it asks stands in the console.',
      // Of two windows at once one is seen.
      tag: `sallyport-question-${Math.floor(nowMs / everyMs)}`,
    });
  } catch {
    // Browsers of phones show none for an open page.
    return;
  }
  notification.addEventListener('click', () => {
    window.focus();
    location.assign(questionAddress(id));
  });
}
