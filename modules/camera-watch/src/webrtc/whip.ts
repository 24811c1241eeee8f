import { textOf } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { messageOf } from '@sallyport/platform/errors';
import type { FrameBody, FramePeer } from '@sallyport/platform/frames';
import type { Log } from '@sallyport/platform/log';
import { createTokenBucket } from '@sallyport/platform/token-bucket';
import { CameraWatchError } from '../errors.ts';
import { mayBeAudio, mayBeJpeg } from '../frames/frame.ts';
import type { FrameGate } from '../frames/frame-gate.ts';
import type { CameraDevices, Every, WebrtcNeeds } from '../needs.ts';
import { parseOffer } from './sdp-offer.ts';
import type { Offer } from './sdp-offer.ts';
import { createWebrtcProcesses } from './webrtc-processes.ts';
import { formatOpen, maxAnswerLength } from './webrtc-protocol.ts';

/** Cameras that send by WebRTC: one session each, the newest counts. */
export type Whip = {
  /**
   * Answers an offer, which ends the session the camera had. Throws `sdp_invalid`, `sdp_refused`, `webrtc_busy`,
   * `webrtc_failed`, `sender_replaced` when it is ended meanwhile or the device was revoked since its request began.
   */
  open(request: {
    readonly cameraId: string;
    readonly offer: string;
    /** Of this machine, as the sender reached it. */
    readonly host: string;
  }): Promise<{ readonly sessionId: string; readonly answer: string }>;
  /** Throws `whip_session_unknown`, also for that of another camera. */
  end(cameraId: string, sessionId: string): void;
  isOpen(cameraId: string): boolean;
  /** Ends what it sends now; nothing of it counts any more. */
  cut(cameraId: string): void;
  /** Resolves when no process is left. */
  close(): Promise<void>;
};

export type WhipNeeds = WebrtcNeeds & {
  readonly gate: FrameGate;
  readonly devices: Pick<CameraDevices, 'find'>;
  readonly clock: Clock;
  readonly every: Every;
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
  readonly limits?: Partial<WhipLimits>;
};

export type WhipLimits = {
  /** In all; 32. */
  readonly sessions: number;
  /** Without a picture for so long it is over; 20 seconds. */
  readonly silenceMs: number;
};

/** So many ports are tried from the next one on: others of the machine may have some. */
const portsTried = 4;

type Start = { readonly offer: Offer; readonly host: string; readonly connect: () => Promise<FramePeer> };

type Session = {
  readonly sessionId: string;
  peer: FramePeer | undefined;
  lastPictureMs: number;
};

const defaultLimits: WhipLimits = { sessions: 32, silenceMs: 20_000 };
/** A process is started, and a key is made. */
const openDeadlineMs = 15_000;
const lookMs = 1000;
/** Four times what one sends that keeps to itself. Each is answered: one that says more and reads nothing would fill our memory. */
const messageRate = { perSecond: 60, burst: 120 };
/** No picture is older than that when it comes, whatever a process says. */
const oldestMs = 10_000;

export function createWhip(needs: WhipNeeds): Whip {
  const { gate, devices, clock, log } = needs;
  const limits = { ...defaultLimits, ...needs.limits };
  const sessions = new Map<string, Session>();
  const processes = createWebrtcProcesses({ connect: needs.connect, clock, sessions: limits.sessions });
  const { from, to } = needs.address.ports;
  let nextPort = from;

  /** One after the other: who is not there any more still sends to the port it had for a while. */
  function takePorts(): { readonly from: number; readonly to: number } {
    if (nextPort > to) nextPort = from;
    const first = nextPort;
    nextPort += 1;
    return { from: first, to: Math.min(to, first + portsTried - 1) };
  }

  function end(cameraId: string, session: Session, reason: string): void {
    if (sessions.get(cameraId) !== session) return;
    sessions.delete(cameraId);
    session.peer?.notify('close', { head: {} });
    session.peer?.close();
    log.info('A camera sends no more by WebRTC', { camera: cameraId, reason });
  }

  function listen(cameraId: string, session: Session, peer: FramePeer): void {
    const isCurrent = (): boolean => sessions.get(cameraId) === session;
    const messages = createTokenBucket(messageRate, clock.monotonicMs());
    const mayGoOn = (): boolean => {
      if (messages.take(clock.monotonicMs(), 1)) return true;
      end(cameraId, session, 'its process says more than it may');
      return false;
    };
    peer.on('picture', ({ head, payload }) => {
      if (!mayGoOn()) return;
      peer.notify('taken', { head: {} });
      if (!isCurrent() || payload === undefined || !mayBeJpeg(payload)) return;
      session.lastPictureMs = clock.monotonicMs();
      const receivedMs = clock.nowMs();
      // The moment its first packet came. When it was taken is the sender's secret.
      const capturedMs = receivedMs - ageIn(head['age_ms']);
      gate.offer({ cameraId, jpeg: payload, capturedMs, receivedMs, isCaptureUnknown: true });
    });
    peer.on('sound', ({ payload }) => {
      if (!mayGoOn()) return;
      peer.notify('sound_taken', { head: {} });
      if (!isCurrent() || payload === undefined || !mayBeAudio(payload)) return;
      const receivedMs = clock.nowMs();
      // Stamped at its first sample: 16,000 of two bytes are a second.
      gate.offerAudio({ cameraId, pcm: payload, capturedMs: receivedMs - payload.length / 32, receivedMs });
    });
    peer.on('ended', ({ head }) => end(cameraId, session, textOf(head['reason']).slice(0, 200)));
    void peer.closed.then(() => end(cameraId, session, 'its process ended'));
  }

  async function start(cameraId: string, session: Session, { offer, host, connect }: Start): Promise<string> {
    const isCurrent = (): boolean => sessions.get(cameraId) === session;
    let answered: FrameBody;
    try {
      const peer = await connect();
      session.peer = peer;
      if (!isCurrent()) {
        peer.close();
        throw replaced();
      }
      listen(cameraId, session, peer);
      const head = formatOpen({ offer, address: { ...needs.address, ports: takePorts(), host } });
      answered = await peer.call('open', { head }, { signal: needs.deadline(openDeadlineMs) });
    } catch (error) {
      if (!isCurrent()) throw replaced();
      log.error('A camera that sends by WebRTC was not answered', { camera: cameraId, reason: messageOf(error) });
      throw new CameraWatchError('webrtc_failed', 'Cannot answer the offer: WebRTC does not work here now', {
        cause: error,
        hint: 'what is wrong stands in the log of the server',
      });
    }
    if (!isCurrent()) throw replaced();
    const answer = textOf(answered.head['answer']);
    if (!answer.startsWith('v=0') || answer.length > maxAnswerLength)
      throw new CameraWatchError('webrtc_failed', 'Cannot answer the offer: the answer is none');
    return answer;
  }

  const stopLooking = needs.every(lookMs, () => {
    processes.forget();
    for (const [cameraId, session] of sessions) {
      if (devices.find(cameraId)?.state !== 'approved') end(cameraId, session, 'it may not send');
      else if (clock.monotonicMs() - session.lastPictureMs >= limits.silenceMs)
        end(cameraId, session, 'no pictures came');
    }
  });

  return {
    async open({ cameraId, offer: text, host }) {
      // Before what the camera sends already is given up.
      const offer = parseOffer(text);
      // Its request may have been read for long.
      if (devices.find(cameraId)?.state !== 'approved') throw replaced();
      const before = sessions.get(cameraId);
      if (before === undefined && sessions.size >= limits.sessions)
        throw new CameraWatchError('webrtc_busy', `Cannot take one more: ${limits.sessions} cameras send by WebRTC`);
      const connect = processes.reserve(cameraId);
      if (before !== undefined) end(cameraId, before, 'it sends anew');
      const sessionId = Buffer.from(needs.random(18)).toString('base64url');
      const session: Session = { sessionId, peer: undefined, lastPictureMs: clock.monotonicMs() };
      sessions.set(cameraId, session);
      try {
        const answer = await start(cameraId, session, { offer, host, connect });
        log.info('A camera sends by WebRTC', { camera: cameraId });
        return { sessionId, answer };
      } catch (error) {
        end(cameraId, session, messageOf(error));
        throw error;
      }
    },
    end(cameraId, sessionId) {
      const session = sessions.get(cameraId);
      if (session?.sessionId !== sessionId)
        throw new CameraWatchError('whip_session_unknown', 'Cannot find this session: it is over, or another’s');
      end(cameraId, session, 'the sender ended it');
    },
    isOpen: (cameraId) => sessions.has(cameraId),
    cut(cameraId) {
      const session = sessions.get(cameraId);
      if (session !== undefined) end(cameraId, session, 'it may not send');
    },
    async close() {
      stopLooking();
      for (const [cameraId, session] of sessions) end(cameraId, session, 'the server ends');
      await processes.ended();
    },
  };
}

function ageIn(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? Math.min(value, oldestMs) : 0;
}

function replaced(): CameraWatchError {
  return new CameraWatchError('sender_replaced', 'Cannot go on: the device may not, or sends from elsewhere');
}
