import { createBackoff } from './filming/backoff.ts';
import type { BatteryLevel } from './filming/battery.ts';
import { createCamera } from './filming/camera.ts';
import type { CameraProblem } from './filming/camera.ts';
import { createClockOffset } from './filming/clock-offset.ts';
import { createFilming } from './filming/filming.ts';
import type { FilmingStatus } from './filming/filming.ts';
import { createFrameGrabber } from './filming/frame-grabber.ts';
import { createLink } from './filming/link.ts';
import { createPacing } from './filming/pacing.ts';
import { watchPosition } from './filming/position.ts';
import { createSiren } from './filming/siren.ts';
import { captureSound } from './filming/sound.ts';
import { createSpeech } from './filming/speech.ts';
import { createWakeLock } from './filming/wake-lock.ts';
import type { PhoneMessage } from './filming/message.ts';
import type { Choices, Memory } from './identity/memory.ts';
import type { Session } from './identity/session.ts';
import type { Recorder } from './recording/recorder.ts';
import type { RecordingStatus } from './recording/recording-messages.ts';
import { createSegmentRecorder } from './recording/segment-recorder.ts';

/** Filming with the browser's own camera, sound, light and voice. */
export type FilmingKit = {
  start(choices: Choices): Promise<CameraProblem | undefined>;
  change(choices: Choices): Promise<CameraProblem | undefined>;
  stop(): void;
  leave(): void;
  choicesChanged(choices: Choices): void;
  batteryChanged(battery: BatteryLevel): void;
  recordingsChanged(status: RecordingStatus): void;
  networkChanged(isOnline: boolean): void;
};

const soundProcessor = '/field/sound-worklet.js';
const uploadAgainMs = 20_000;

export function createFilmingKit(needs: {
  readonly session: Session;
  readonly recorder: Recorder;
  readonly memory: Memory;
  /** Where the picture is shown while it is taken. */
  readonly video: HTMLVideoElement;
  readonly after: (ms: number, work: () => void) => () => void;
  readonly onChange: (changed: Partial<FilmingStatus>) => void;
  readonly onRevoked: () => void;
}): FilmingKit {
  const { session, recorder, memory, video, after, onChange } = needs;
  const nowMs = (): number => Date.now();
  const clockOffset = createClockOffset(memory.clockOffsetMs());
  const pacing = createPacing();
  const grabber = createFrameGrabber(video);
  let choices = memory.choices();
  let isFilming = false;
  let isConnected = false;
  let context: AudioContext | undefined;
  let battery: BatteryLevel | undefined;
  let stored: RecordingStatus | undefined;
  let position: PhoneMessage | undefined;
  let stopPosition = (): void => undefined;
  let cancelUpload = (): void => undefined;

  const link = createLink({
    session,
    openSocket: (token) =>
      new WebSocket(new URL('/v1/cameras/send', location.href.replace(/^http/, 'ws')), [
        'sallyport-camera.1',
        `bearer.${token}`,
      ]),
    backoff: createBackoff(() => Math.random()),
    pacing,
    clockOffset,
    nowMs,
    after,
    hello: () => ({ ...grabber.size(), audio: choices.sound }),
    onState(state) {
      filming.linkChanged(state);
      isConnected = state === 'connected';
      if (isConnected) connected();
      else recorder.pause();
    },
    onTaken(sequence, latencyMs) {
      filming.taken(sequence);
      onChange({ latencyMs });
    },
    onCommand: (command) => filming.command(command),
    onRevoked: needs.onRevoked,
  });
  const siren = createSiren({ context: () => context, after, onChange: (isOn) => onChange({ siren: isOn }) });
  const wakeLock = createWakeLock({
    wakeLock: 'wakeLock' in navigator ? navigator.wakeLock : undefined,
    page: document,
    onChange: (isAwake) => onChange({ isAwake }),
  });
  const filming = createFilming({
    openCamera: createCamera({
      mediaDevices: navigator.mediaDevices,
      onEnded: () => filming.cameraEnded(),
      onMuted: (isMuted) => onChange({ camera: isMuted ? 'muted' : 'live' }),
    }),
    async show(stream) {
      video.srcObject = stream ?? null;
      // Refused when another stream came meanwhile, which then plays.
      if (stream !== undefined) await video.play().catch(() => undefined);
    },
    grab: () => grabber.grab(),
    captureSound: async (stream, onPiece) =>
      captureSound({ stream, context: soundContext(), processorUrl: soundProcessor, nowMs, onPiece }),
    link,
    pacing,
    segments: createSegmentRecorder((segment) => recorder.store(segment, choices.keepAll)),
    speak: createSpeech({
      synthesis: 'speechSynthesis' in globalThis ? speechSynthesis : undefined,
      utter: (text) => new SpeechSynthesisUtterance(text),
      after,
      onSpeaking: (speaking) => onChange({ speaking }),
    }),
    siren,
    nowMs,
    offsetMs: () => clockOffset.offsetMs(),
    after,
    onChange,
  });

  /** Made by a touch, as browsers demand, and kept. */
  function soundContext(): AudioContext {
    context ??= new AudioContext();
    void context.resume();
    return context;
  }

  function connected(): void {
    sayState();
    sayPosition();
    cancelUpload();
    uploadWaiting();
  }

  /** Beside the live picture, as long as there is a connection. */
  function uploadWaiting(): void {
    memory.rememberClockOffset(clockOffset.offsetMs());
    void session.standing().then((standing) => {
      if (isFilming && standing.kind === 'approved' && (stored?.waiting ?? 0) > 0 && stored?.isUploading !== true)
        recorder.upload(standing.token);
    });
    cancelUpload();
    cancelUpload = after(uploadAgainMs, uploadWaiting);
  }

  function sayState(): void {
    link.say({
      type: 'state',
      recording: isFilming,
      ...(battery === undefined ? {} : { charging: battery.isCharging }),
      ...(stored === undefined ? {} : { stored_segments: stored.waiting }),
    });
  }

  /** The newest is said again on each connection: a phone that lies still moves no more. */
  function sayPosition(): void {
    if (position !== undefined && link.say(position)) onChange({ position: 'sent' });
  }

  function followPosition(): void {
    stopPosition();
    position = undefined;
    stopPosition = () => undefined;
    if (!choices.position || !('geolocation' in navigator)) return onChange({ position: 'off' });
    stopPosition = watchPosition({
      geolocation: navigator.geolocation,
      onPosition(message) {
        position = message;
        sayPosition();
      },
      onRefused: () => onChange({ position: 'refused' }),
    });
    return undefined;
  }

  return {
    async start(wanted) {
      choices = wanted;
      soundContext();
      const problem = await filming.start(wanted);
      if (problem !== undefined) return problem;
      isFilming = true;
      followPosition();
      onChange({ isAwake: await wakeLock.hold() });
      return undefined;
    },
    async change(wanted) {
      choices = wanted;
      return filming.change(wanted);
    },
    stop() {
      if (!isFilming) return;
      isFilming = false;
      isConnected = false;
      cancelUpload();
      stopPosition();
      wakeLock.release();
      filming.stop();
      memory.rememberClockOffset(clockOffset.offsetMs());
    },
    leave: () => filming.leave(),
    choicesChanged(changed) {
      choices = changed;
      if (isFilming) followPosition();
    },
    batteryChanged(changed) {
      battery = changed;
      sayState();
    },
    recordingsChanged(status) {
      const isNews = stored?.waiting !== status.waiting;
      const isMore = status.waiting > (stored?.waiting ?? 0);
      stored = status;
      if (isNews) sayState();
      if (isMore && isConnected) uploadWaiting();
    },
    networkChanged: (isOnline) => link.networkChanged(isOnline),
  };
}
