/** Asks whoever signs in once too often whether the oldest session may end for the new one; the request waits. */
export type TooMany = {
  /** How many there may be. */
  readonly most: number;
  readonly answer: (mayEnd: boolean) => void;
};

const eventName = 'sallyport:too-many-sessions';

/** False when they said no, or when no page is there to ask. */
export function askToEndOldest(most: number): Promise<boolean> {
  return new Promise((resolve) => {
    const event = new CustomEvent<TooMany>(eventName, { cancelable: true, detail: { most, answer: resolve } });
    // Whoever shows the dialog says so by preventing the default.
    if (window.dispatchEvent(event)) resolve(false);
  });
}

/** Until the returned function is called. */
export function onTooMany(show: (asked: TooMany) => void): () => void {
  const listener = (event: Event): void => {
    if (!(event instanceof CustomEvent) || !isTooMany(event.detail)) return;
    event.preventDefault();
    show(event.detail);
  };
  window.addEventListener(eventName, listener);
  return () => window.removeEventListener(eventName, listener);
}

function isTooMany(value: unknown): value is TooMany {
  return typeof value === 'object' && value !== null && 'most' in value && 'answer' in value;
}
