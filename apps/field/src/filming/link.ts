import type { Session } from '../identity/session.ts';
import type { Backoff } from './backoff.ts';
import type { ClockOffset } from './clock-offset.ts';
import { encodeBinary, parseServerMessage } from './message.ts';
import type { Command, PhoneMessage, ServerMessage } from './message.ts';
import type { Pacing } from './pacing.ts';

/** A picture as it is sent. `capturedMs` by this phone's clock; the server corrects it. */
export type Picture = {
  readonly sequence: number;
  readonly capturedMs: number;
  readonly jpeg: Uint8Array;
  readonly width: number;
  readonly height: number;
};

export type LinkState =
  | 'connecting'
  | 'connected'
  /** It is tried again by itself. */
  | 'offline'
  /** The same phone sends from elsewhere, which ends it here. */
  | 'replaced';

/** What of a WebSocket is used. */
export type LinkSocket = Pick<WebSocket, 'send' | 'close' | 'bufferedAmount'> & {
  readonly addEventListener: WebSocket['addEventListener'];
};

export type LinkNeeds = {
  readonly session: Session;
  /** Opens the camera's socket of this server, with the token as a subprotocol. */
  readonly openSocket: (token: string) => LinkSocket;
  readonly backoff: Backoff;
  readonly pacing: Pacing;
  readonly clockOffset: ClockOffset;
  readonly nowMs: () => number;
  /** Calls once after `ms`; returns what takes it back. */
  readonly after: (ms: number, work: () => void) => () => void;
  /** Size of the pictures and whether there is sound, said first on each connection. */
  readonly hello: () => Omit<Extract<PhoneMessage, { type: 'hello' }>, 'type'>;
  readonly onState: (state: LinkState) => void;
  readonly onTaken: (sequence: number, roundTripMs: number) => void;
  readonly onCommand: (command: Command) => void;
  /** The server has revoked this phone. Nothing is tried after it. */
  readonly onRevoked: () => void;
};

export type Link = {
  start(): void;
  /** Sends it, or keeps it in place of the one that waits: never more than one. */
  offerPicture(picture: Picture): void;
  /** Dropped while the line is full or there is none. */
  offerSound(capturedMs: number, pcm: Uint8Array): void;
  /** False when there is no connection. */
  say(message: PhoneMessage): boolean;
  /** The device says that it is online again, or offline. */
  networkChanged(isOnline: boolean): void;
  stop(): void;
};

/** The application's codes (RFC 6455 section 7.4.2), should the farewell itself be lost. */
const byeOfCloseCode = new Map([
  [4001, 'replaced'],
  [4003, 'device_revoked'],
]);
const openTimeoutMs = 10_000;
const beatMs = 5000;
/** Nothing was heard for so long although we asked: the line is dead, whatever the socket says. */
const silentMs = 12_000;
/** A picture older than this is of no use to who looks. */
const freshMs = 1000;
const soundBufferBytes = 256 * 1024;

/** Keeps one connection to the server, and tries again for ever when it is lost. */
export function createLink(needs: LinkNeeds): Link {
  const { session, backoff, pacing, clockOffset, nowMs, after, onState } = needs;
  let socket: LinkSocket | undefined;
  let isOpen = false;
  let isStopped = true;
  let attempt = 0;
  let heardMs = 0;
  let newest: Picture | undefined;
  let soundSequence = 0;
  let cancelTimer = (): void => undefined;

  const wait = (ms: number, work: () => void): void => {
    cancelTimer();
    cancelTimer = after(ms, work);
  };

  async function connect(): Promise<void> {
    if (isStopped) return;
    attempt += 1;
    const mine = attempt;
    cancelTimer();
    onState('connecting');
    const standing = await session.standing();
    if (isStopped || mine !== attempt) return;
    if (standing.kind === 'revoked') return end(needs.onRevoked);
    if (standing.kind !== 'approved') return tryLater();
    open(standing.token);
  }

  function open(token: string): void {
    const opened = needs.openSocket(token);
    socket = opened;
    const isCurrent = (): boolean => socket === opened;
    opened.addEventListener('open', () => isCurrent() && onOpen());
    opened.addEventListener('message', ({ data }) => {
      if (!isCurrent() || typeof data !== 'string') return;
      heardMs = nowMs();
      const message = parseServerMessage(data);
      if (message !== undefined) hear(message);
    });
    opened.addEventListener('close', ({ code }) => {
      if (!isCurrent()) return;
      const bye = byeOfCloseCode.get(code);
      onClosed();
      if (bye !== undefined) hearBye(bye);
    });
    wait(openTimeoutMs, () => drop());
  }

  function onOpen(): void {
    isOpen = true;
    heardMs = nowMs();
    pacing.reset();
    backoff.reset();
    say({ type: 'hello', ...needs.hello() });
    onState('connected');
    beat();
  }

  /** Asks for the time, which is the sign of life too. */
  function beat(): void {
    if (nowMs() - heardMs > silentMs) return drop();
    say({ type: 'clock', t0: nowMs() });
    wait(beatMs, beat);
  }

  function hear(message: ServerMessage): void {
    switch (message.type) {
      case 'taken': {
        const tripMs = pacing.taken(message.sequence, nowMs());
        if (tripMs === undefined) return;
        needs.onTaken(message.sequence, tripMs);
        sendNewest();
        return;
      }
      case 'clock':
        clockOffset.measured(message.t0, message.t1, nowMs());
        return;
      case 'pace':
        pacing.pace(message.perSecond);
        return;
      case 'command':
        needs.onCommand(message.command);
        return;
      case 'bye':
        hearBye(message.code);
    }
  }

  function hearBye(code: string): void {
    if (code === 'device_revoked') return end(needs.onRevoked);
    if (code === 'replaced') return end(() => onState('replaced'));
    // Its reason may be our token: the next attempt proves the key anew.
    session.forget();
    return undefined;
  }

  function sendNewest(): void {
    const picture = newest;
    newest = undefined;
    if (picture !== undefined && nowMs() - picture.capturedMs <= freshMs) sendPicture(picture);
  }

  function sendPicture({ sequence, capturedMs, jpeg, width, height }: Picture): void {
    const header = { kind: 'frame', sequence, captured_ms: capturedMs, width, height };
    socket?.send(encodeBinary(header, jpeg));
    pacing.sent(sequence, nowMs());
  }

  function say(message: PhoneMessage): boolean {
    if (!isOpen) return false;
    socket?.send(JSON.stringify(message));
    return true;
  }

  /** Gives the connection up without waiting for the other side to agree. */
  function drop(): void {
    const dropped = socket;
    onClosed();
    dropped?.close();
  }

  function onClosed(): void {
    const wasOpen = isOpen;
    forgetSocket();
    if (isStopped) return;
    // Refused at the door, or ended by the server: whether we may still send is asked anew.
    session.forget();
    if (wasOpen) onState('offline');
    if (wasOpen) wait(backoff.next(), () => void connect());
    else tryLater();
  }

  function tryLater(): void {
    onState('offline');
    wait(backoff.next(), () => void connect());
  }

  function forgetSocket(): void {
    socket = undefined;
    isOpen = false;
    newest = undefined;
    pacing.reset();
    cancelTimer();
  }

  function end(tell: () => void): void {
    stop();
    tell();
  }

  function stop(): void {
    isStopped = true;
    attempt += 1;
    const last = socket;
    forgetSocket();
    last?.close();
  }

  return {
    start() {
      isStopped = false;
      void connect();
    },
    offerPicture(picture) {
      if (isOpen && pacing.hasRoom()) sendPicture(picture);
      else newest = picture;
    },
    offerSound(capturedMs, pcm) {
      if (!isOpen || (socket?.bufferedAmount ?? 0) > soundBufferBytes) return;
      soundSequence += 1;
      socket?.send(encodeBinary({ kind: 'audio', sequence: soundSequence, captured_ms: capturedMs }, pcm));
    },
    say,
    networkChanged(isOnline) {
      if (isStopped) return;
      if (!isOnline) drop();
      else if (socket === undefined) {
        backoff.reset();
        void connect();
      }
    },
    stop,
  };
}
