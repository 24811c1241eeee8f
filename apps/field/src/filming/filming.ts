import type { SegmentRecorder } from '../recording/segment-recorder.ts';
import type { CameraProblem, CameraWish, OpenCamera } from './camera.ts';
import type { Command } from './message.ts';
import { createCommands } from './commands.ts';
import type { GrabbedFrame } from './frame-grabber.ts';
import type { Link, LinkState } from './link.ts';
import type { Pacing } from './pacing.ts';
import type { SoundCapture } from './sound.ts';

/** What the person who films is told. */
export type FilmingStatus = {
  readonly link: LinkState;
  readonly camera: 'live' | 'opening' | 'muted' | CameraProblem;
  readonly sound: 'sent' | 'off' | 'refused' | 'unsupported';
  readonly position: 'sent' | 'off' | 'refused';
  /** Pictures the server took in the last seconds, for each second. */
  readonly perSecond: number;
  /** From sending a picture to the server's word that it has it. */
  readonly latencyMs: number | undefined;
  /** The screen is kept on. */
  readonly isAwake: boolean;
  readonly torch: boolean;
  readonly siren: boolean;
  readonly speaking: string | undefined;
};

export const filmingAtRest: FilmingStatus = {
  link: 'connecting',
  camera: 'opening',
  sound: 'off',
  position: 'off',
  perSecond: 0,
  latencyMs: undefined,
  isAwake: false,
  torch: false,
  siren: false,
  speaking: undefined,
};

export type FilmingNeeds = {
  readonly openCamera: (wish: CameraWish) => Promise<OpenCamera | CameraProblem>;
  /** Shows the stream, from which `grab` takes pictures. */
  readonly show: (stream: MediaStream | undefined) => Promise<void>;
  readonly grab: () => Promise<GrabbedFrame | undefined>;
  readonly captureSound: (
    stream: MediaStream,
    onPiece: (capturedMs: number, pcm: Uint8Array) => void,
  ) => Promise<SoundCapture>;
  readonly link: Link;
  readonly pacing: Pacing;
  readonly segments: SegmentRecorder;
  readonly speak: (text: string) => Promise<boolean>;
  readonly siren: { start(): boolean; stop(): void };
  readonly nowMs: () => number;
  /** Milliseconds to add to `nowMs` for the server's time, by which recordings are named. */
  readonly offsetMs: () => number;
  readonly after: (ms: number, work: () => void) => () => void;
  readonly onChange: (changed: Partial<FilmingStatus>) => void;
};

export type Filming = {
  /** Resolves to why there is no picture, or undefined when there is one. */
  start(wish: CameraWish): Promise<CameraProblem | undefined>;
  /** Another camera, without a break in sending. */
  change(wish: CameraWish): Promise<CameraProblem | undefined>;
  stop(): void;
  /** The page is gone in a moment: what was collected is handed over, and the server told that nothing is filmed. */
  leave(): void;
  command(command: Command): void;
  /** The system took the camera away: it is opened again as soon as it can be. */
  cameraEnded(): void;
  taken(sequence: number): void;
  /** Whether the server hears us. */
  linkChanged(state: LinkState): void;
};

/** While nobody takes the pictures they are fewer, so that the phone's storage lasts longer. */
const offlineIntervalMs = 250;
const firstReopenMs = 1000;
const mostReopenMs = 15_000;
const rateWindowMs = 3000;
/** Without a new picture for so long, there is none. */
const stillMs = 3000;

/** From the camera to the server and to the recording, until it is stopped. */
export function createFilming(needs: FilmingNeeds): Filming {
  const { link, pacing, segments, nowMs, offsetMs, after, onChange } = needs;
  let wish: CameraWish | undefined;
  let camera: OpenCamera | undefined;
  let sound: SoundCapture | undefined;
  let sequence = 0;
  let runs = 0;
  let isConnected = false;
  let takenAtMs: number[] = [];
  let newPictureMs = 0;
  let isStill = false;
  let reopenMs = firstReopenMs;
  let cancelPicture = (): void => undefined;
  let cancelReopen = (): void => undefined;

  const commands = createCommands({
    async torch(isOn) {
      const isDone = (await camera?.torch(isOn)) === true;
      if (isDone) onChange({ torch: isOn });
      return isDone;
    },
    speak: needs.speak,
    siren(isOn) {
      if (isOn) return needs.siren.start();
      needs.siren.stop();
      return true;
    },
  });

  async function openCamera(wanted: CameraWish): Promise<CameraProblem | undefined> {
    closeCamera();
    wish = wanted;
    onChange({ camera: 'opening', torch: false });
    const opened = await needs.openCamera(wanted);
    if (typeof opened === 'string') {
      onChange({ camera: opened });
      return opened;
    }
    // Stopped meanwhile, or another one was asked for.
    if (wish !== wanted) {
      opened.close();
      return undefined;
    }
    camera = opened;
    newPictureMs = nowMs();
    isStill = false;
    reopenMs = firstReopenMs;
    await needs.show(opened.stream);
    onChange({ camera: 'live' });
    await openSound(opened, wanted);
    return undefined;
  }

  async function openSound(opened: OpenCamera, wanted: CameraWish): Promise<void> {
    if (!opened.hasSound) return onChange({ sound: wanted.sound && opened.isSoundRefused ? 'refused' : 'off' });
    try {
      const started = await needs.captureSound(opened.stream, (capturedMs, pcm) => {
        if (camera !== opened) return;
        segments.add({ kind: 'audio', atMs: capturedMs + offsetMs(), payload: pcm });
        link.offerSound(capturedMs, pcm);
      });
      if (camera === opened) sound = started;
      else started.stop();
      onChange({ sound: 'sent' });
    } catch {
      onChange({ sound: 'unsupported' });
    }
  }

  function closeCamera(): void {
    cancelReopen();
    sound?.stop();
    sound = undefined;
    camera?.close();
    camera = undefined;
  }

  /** One picture, and the next when it is due: a picture that takes long to make delays the next one only. */
  async function takePicture(run: number): Promise<void> {
    const dueMs = nowMs() + (isConnected ? pacing.intervalMs() : Math.max(offlineIntervalMs, pacing.intervalMs()));
    const capturedMs = nowMs();
    // What one picture lacks, as when the system takes the graphics away, the next one may have.
    const frame = camera === undefined ? undefined : await needs.grab().catch(() => undefined);
    // Stopped, and perhaps begun anew, while it was made: one chain of pictures goes on and no more.
    if (wish === undefined || run !== runs) return;
    if (frame !== undefined && camera !== undefined) {
      sequence += 1;
      segments.add({ kind: 'frame', atMs: capturedMs + offsetMs(), payload: frame.jpeg }, sequence);
      link.offerPicture({ sequence, capturedMs, ...frame });
    }
    if (camera !== undefined) tellStill(frame !== undefined);
    segments.tick(nowMs() + offsetMs());
    tellRate();
    cancelPicture = after(Math.max(0, dueMs - nowMs()), () => void takePicture(run));
  }

  /** As when the page is behind another one: browsers then hold the picture back without a word. */
  function tellStill(isNew: boolean): void {
    if (isNew) newPictureMs = nowMs();
    const wasStill = isStill;
    isStill = nowMs() - newPictureMs > stillMs;
    if (isStill !== wasStill) onChange({ camera: isStill ? 'muted' : 'live' });
  }

  function tellRate(): void {
    takenAtMs = takenAtMs.filter((atMs) => nowMs() - atMs < rateWindowMs);
    onChange({ perSecond: takenAtMs.length / (rateWindowMs / 1000) });
  }

  async function reopen(): Promise<void> {
    if (wish === undefined) return;
    const problem = await openCamera(wish);
    if (problem === undefined || wish === undefined) return;
    cancelReopen = after(reopenMs, () => void reopen());
    reopenMs = Math.min(mostReopenMs, reopenMs * 2);
  }

  return {
    async start(wanted) {
      const problem = await openCamera(wanted);
      if (problem !== undefined) {
        wish = undefined;
        return problem;
      }
      link.start();
      runs += 1;
      void takePicture(runs);
      return undefined;
    },
    change: (wanted) => openCamera(wanted),
    stop() {
      wish = undefined;
      cancelPicture();
      closeCamera();
      needs.siren.stop();
      void needs.show(undefined);
      link.say({ type: 'state', recording: false });
      link.say({ type: 'bye' });
      link.stop();
      segments.flush();
      isConnected = false;
      takenAtMs = [];
    },
    leave() {
      segments.flush();
      if (wish !== undefined) link.say({ type: 'bye', why: 'page_closed' });
    },
    command(command) {
      void commands(command).then((receipt) => link.say({ type: 'receipt', command_id: command.id, ...receipt }));
    },
    cameraEnded() {
      if (wish === undefined) return;
      closeCamera();
      onChange({ camera: 'ended', torch: false });
      cancelReopen = after(reopenMs, () => void reopen());
    },
    taken(taken) {
      takenAtMs.push(nowMs());
      segments.delivered(taken);
    },
    linkChanged(state) {
      const wasConnected = isConnected;
      isConnected = state === 'connected';
      if (isConnected && !wasConnected) segments.connected();
      if (wasConnected && !isConnected) segments.disconnected();
      onChange({ link: state, ...(isConnected ? {} : { latencyMs: undefined }) });
    },
  };
}
