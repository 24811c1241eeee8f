import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { MessageSocket, SocketListener } from '@sallyport/platform/http';
import { CameraWatchError } from '../errors.ts';
import { createCaptureTime } from './capture-time.ts';
import { createCommands, type Command, type CommandOutcome, type Commands } from './commands.ts';
import { numberIn, parseDeviceMessage, type DeviceState, type Goodbye, type Position } from './device-message.ts';
import { mayBeAudio, mayBeJpeg } from './frame.ts';
import { framesPerSecond, type FrameGate } from './frame-gate.ts';
import { decodeMessage } from './message-codec.ts';

/** What a device said of itself, and whether it is connected now. */
export type SenderState = DeviceState & { readonly connected: boolean; readonly position?: Position };

/** Devices that send over a WebSocket: one socket each, the newest counts. */
export type Senders = {
  open(cameraId: string, socket: MessageSocket): SocketListener;
  /** Undefined for a device that never said anything. */
  state(cameraId: string): SenderState | undefined;
  /** Throws `camera_takes_no_commands` when it is not connected. */
  command(cameraId: string, command: Command): Promise<CommandOutcome>;
  /** Ends its socket now; it may not come back by itself. */
  cut(cameraId: string): void;
  close(): void;
};

/** From the application's range (RFC 6455 section 7.4.2). */
const closeCodes = { replaced: 4001, device_revoked: 4003, closing: 1001, goodbye: 1000 } as const;

/** Slower readers than that are not spoken to any more. */
const maxWaitingBytes = 64 * 1024;

type Sender = { readonly socket: MessageSocket; readonly commands: Commands };

type SenderNeeds = {
  readonly gate: FrameGate;
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A device says that it stops by itself. */
  readonly onGoodbye: (cameraId: string, why: Goodbye) => void;
};

export function createSenders(needs: SenderNeeds): Senders {
  const { gate, clock } = needs;
  const senders = new Map<string, Sender>();
  const states = new Map<string, Omit<SenderState, 'connected'>>();

  function end(cameraId: string, code: Exclude<keyof typeof closeCodes, 'goodbye'>): void {
    const sender = senders.get(cameraId);
    if (sender === undefined) return;
    senders.delete(cameraId);
    sender.commands.close();
    sender.socket.send(JSON.stringify({ type: 'bye', code }));
    sender.socket.close(closeCodes[code], code);
  }

  function open(cameraId: string, socket: MessageSocket): SocketListener {
    end(cameraId, 'replaced');
    const say = (message: JsonObject): void => {
      if (socket.waitingBytes() < maxWaitingBytes) socket.send(JSON.stringify(message));
    };
    const sender: Sender = { socket, commands: createCommands({ ...needs, send: say }) };
    senders.set(cameraId, sender);
    const isCurrent = (): boolean => senders.get(cameraId) === sender;
    const note = (more: Omit<SenderState, 'connected'>): void =>
      void states.set(cameraId, { ...states.get(cameraId), ...more });
    const captureTime = createCaptureTime();
    let size: { readonly width?: number; readonly height?: number } = {};

    const takeFrame = (header: JsonObject, jpeg: Uint8Array): void => {
      const receivedMs = clock.nowMs();
      const sequence = numberIn(header, 'sequence', 0, Number.MAX_SAFE_INTEGER);
      const capturedMs = captureTime.correct(numberIn(header, 'captured_ms', 0, 8.64e15), receivedMs);
      if (!mayBeJpeg(jpeg)) throw new CameraWatchError('frame_invalid', 'Cannot take the frame: must be a JPEG');
      // What comes faster than asked is answered and not looked at.
      gate.offer({ cameraId, jpeg, capturedMs, receivedMs, ...size });
      say({ type: 'taken', sequence });
    };
    const takeAudio = (header: JsonObject, pcm: Uint8Array): void => {
      const receivedMs = clock.nowMs();
      const deviceMs = numberIn(header, 'captured_ms', 0, 8.64e15);
      if (!mayBeAudio(pcm))
        throw new CameraWatchError(
          'frame_invalid',
          'Cannot take the sound: must be at most a second of 16-bit samples',
        );
      // Stamped at its first sample, sent after its last: no measure of the clock.
      const capturedMs = captureTime.at(deviceMs, receivedMs);
      gate.offerAudio({ cameraId, pcm, capturedMs, receivedMs });
    };

    say({ type: 'pace', per_second: framesPerSecond });
    return {
      text(text) {
        if (!isCurrent()) return;
        const receivedMs = clock.nowMs();
        const message = parseDeviceMessage(text);
        switch (message?.type) {
          case 'hello':
            size = { width: message.width, height: message.height };
            break;
          case 'clock':
            captureTime.hear(message.t0, receivedMs);
            say({ type: 'clock', t0: message.t0, t1: receivedMs });
            break;
          case 'receipt':
            sender.commands.receipt(message.commandId, message.ok, message.reason);
            break;
          case 'position': {
            const { type: _type, ...position } = message;
            note({ position: { ...position, atMs: captureTime.at(position.atMs, receivedMs) } });
            break;
          }
          case 'state': {
            const { type: _type, ...state } = message;
            note(state);
            break;
          }
          case 'bye':
            // Once for each connection: whoever says goodbye goes.
            senders.delete(cameraId);
            sender.commands.close();
            socket.close(closeCodes.goodbye, 'goodbye');
            needs.onGoodbye(cameraId, message.why);
            break;
          case undefined:
            break;
        }
      },
      bytes(bytes) {
        if (!isCurrent()) return;
        const { header, payload } = decodeMessage(bytes);
        if (header['kind'] === 'frame') takeFrame(header, payload);
        else if (header['kind'] === 'audio') takeAudio(header, payload);
        else throw new CameraWatchError('message_invalid', 'Cannot read the message: "kind" must be frame or audio');
      },
      closed() {
        sender.commands.close();
        if (isCurrent()) senders.delete(cameraId);
      },
    };
  }

  return {
    open,
    state(cameraId) {
      const said = states.get(cameraId);
      const connected = senders.has(cameraId);
      return said === undefined && !connected ? undefined : { ...said, connected };
    },
    async command(cameraId, command) {
      const sender = senders.get(cameraId);
      if (sender === undefined)
        throw new CameraWatchError('camera_takes_no_commands', 'Cannot command the camera: it is not connected');
      return sender.commands.give(command);
    },
    cut(cameraId) {
      end(cameraId, 'device_revoked');
      states.delete(cameraId);
    },
    close() {
      for (const cameraId of senders.keys()) end(cameraId, 'closing');
    },
  };
}
