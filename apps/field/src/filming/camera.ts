/** Why there is no picture, in the words of `camera-words.ts`. */
export type CameraProblem = 'refused' | 'none' | 'busy' | 'ended' | 'failed';

export type OpenCamera = {
  readonly stream: MediaStream;
  readonly hasSound: boolean;
  /** The microphone was asked for and not given. */
  readonly isSoundRefused: boolean;
  /** True when the light could be switched. */
  torch(isOn: boolean): Promise<boolean>;
  close(): void;
};

export type CameraWish = { readonly facing: 'environment' | 'user'; readonly sound: boolean };

/**
 * Camera and microphone. `onEnded` when the system took the camera away, `onMuted` when it gives no pictures for a while,
 * as on an incoming call.
 */
export function createCamera(needs: {
  readonly mediaDevices: Pick<MediaDevices, 'getUserMedia'>;
  readonly onEnded: () => void;
  readonly onMuted: (isMuted: boolean) => void;
}): (wish: CameraWish) => Promise<OpenCamera | CameraProblem> {
  const { mediaDevices, onEnded, onMuted } = needs;
  const pictures = ({ facing }: CameraWish): MediaTrackConstraints => ({
    facingMode: { ideal: facing },
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 15, max: 30 },
  });
  const sound: MediaTrackConstraints = { echoCancellation: false, noiseSuppression: false, autoGainControl: true };

  async function ask(wish: CameraWish): Promise<{ readonly stream: MediaStream; readonly isSoundRefused: boolean }> {
    const video = pictures(wish);
    if (!wish.sound) return { stream: await mediaDevices.getUserMedia({ video }), isSoundRefused: false };
    try {
      return { stream: await mediaDevices.getUserMedia({ video, audio: sound }), isSoundRefused: false };
    } catch {
      // Without a microphone, or without the right to it: a camera is better than none.
      return { stream: await mediaDevices.getUserMedia({ video }), isSoundRefused: true };
    }
  }

  return async (wish) => {
    let given: Awaited<ReturnType<typeof ask>>;
    try {
      given = await ask(wish);
    } catch (error) {
      return problemOf(error);
    }
    const { stream, isSoundRefused } = given;
    const [track] = stream.getVideoTracks();
    if (track === undefined) return 'none';
    let isClosed = false;
    track.addEventListener('ended', () => !isClosed && onEnded());
    track.addEventListener('mute', () => !isClosed && onMuted(true));
    track.addEventListener('unmute', () => !isClosed && onMuted(false));
    return {
      stream,
      hasSound: stream.getAudioTracks().length > 0,
      isSoundRefused,
      async torch(isOn) {
        const light: MediaTrackConstraintSet & { readonly torch: boolean } = { torch: isOn };
        try {
          if (!('torch' in track.getCapabilities())) return false;
          await track.applyConstraints({ advanced: [light] });
          return true;
        } catch {
          return false;
        }
      },
      close() {
        isClosed = true;
        for (const one of stream.getTracks()) one.stop();
      },
    };
  };
}

/** Media Capture and Streams, section 10.2, the names of the errors. */
function problemOf(error: unknown): CameraProblem {
  switch (error instanceof Error ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'refused';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'none';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}
