import { nameStream } from '../api/proven-streams.ts';
import type { AlertRow } from '../api/queries.ts';
import type { ListedEvent } from '../parts/listed-event.ts';

export type LiveState = 'connecting' | 'live' | 'catching up' | 'paused' | 'offline';

export type LiveListener = {
  readonly onState: (state: LiveState) => void;
  readonly onAlert: (alert: AlertRow) => void;
  /** Somebody changed an alert, or it stands for more findings now. */
  readonly onAlertChange: () => void;
  /** A question about an agent came or went. */
  readonly onApprovals: () => void;
  /** The server lets nobody follow as they are: the session may have ended, or changed. */
  readonly onRefused: () => void;
  /** It is followed again, after a break. */
  readonly onBack: () => void;
  readonly onEvents: (batch: {
    readonly count: number;
    readonly own: number;
    readonly sample: readonly ListedEvent[];
  }) => void;
};

export type Live = {
  readonly pause: () => void;
  readonly resume: () => void;
  /** Lets go of the connection while other windows listen, and takes it up again, unless somebody has paused it. */
  readonly rest: () => void;
  readonly wake: () => void;
  readonly close: () => void;
};

const retryAfterMs = [1000, 2000, 5000, 10_000, 30_000];

/**
 * Follows the server, from where it left off after a pause or a broken connection. The browser reconnects by itself
 * with the last id; only a refused stream is opened again from here.
 */
export function openLive(kinds: readonly string[], listener: LiveListener): Live {
  let source: EventSource | undefined;
  let named: ReturnType<typeof nameStream> | undefined;
  let lastId = '';
  let retry: ReturnType<typeof setTimeout> | undefined;
  let refusals = 0;
  let wasCut = false;
  let isPaused = false;

  const remember = (event: MessageEvent<string>): void => {
    if (event.lastEventId !== '') lastId = event.lastEventId;
  };
  const connect = (): void => {
    const after = lastId === '' ? '' : `&after=${encodeURIComponent(lastId)}`;
    const stream = nameStream();
    const opened = new EventSource(`/v1/live?kinds=${kinds.join(',')}&stream=${stream.name}${after}`);
    source = opened;
    named?.closed();
    named = stream;
    opened.addEventListener('open', () => {
      stream.opened();
      refusals = 0;
      listener.onState('live');
      // A change of role ends it on purpose: what it may bring is another thing now.
      if (wasCut) listener.onBack();
      wasCut = false;
    });
    opened.addEventListener('error', () => {
      listener.onState('offline');
      wasCut = true;
      if (opened.readyState !== EventSource.CLOSED) return;
      listener.onRefused();
      clearTimeout(retry);
      retry = setTimeout(connect, retryAfterMs[Math.min(refusals, retryAfterMs.length - 1)]);
      refusals += 1;
    });
    opened.addEventListener('alert', (event: MessageEvent<string>) => {
      remember(event);
      listener.onAlert(parsed(event.data));
    });
    opened.addEventListener('alert-change', (event: MessageEvent<string>) => {
      remember(event);
      listener.onAlertChange();
    });
    opened.addEventListener('approvals', (event: MessageEvent<string>) => {
      remember(event);
      listener.onApprovals();
    });
    opened.addEventListener('events', (event: MessageEvent<string>) => {
      remember(event);
      listener.onEvents(parsed(event.data));
    });
    opened.addEventListener('state', (event: MessageEvent<string>) => {
      remember(event);
      listener.onState(event.data.includes('catch') ? 'catching up' : 'live');
    });
  };
  const disconnect = (): void => {
    clearTimeout(retry);
    named?.closed();
    source?.close();
    source = undefined;
  };
  connect();
  return {
    pause() {
      isPaused = true;
      disconnect();
      listener.onState('paused');
    },
    rest: disconnect,
    wake() {
      if (isPaused || source !== undefined) return;
      listener.onState('connecting');
      // The session may have ended meanwhile, and nobody was told.
      wasCut = true;
      connect();
    },
    resume() {
      isPaused = false;
      disconnect();
      listener.onState('connecting');
      connect();
    },
    close: disconnect,
  };
}

/** The server writes these by the same types its answers have. */
function parsed<Value>(text: string): Value {
  const value: unknown = JSON.parse(text);
  if (isValue<Value>(value)) return value;
  throw new TypeError('Cannot read what the server sent');
}

function isValue<Value>(value: unknown): value is Value {
  return typeof value === 'object' && value !== null;
}
