import type { CameraProblem } from '../filming/camera.ts';
import type { FilmingStatus } from '../filming/filming.ts';
import type { EnrolmentOutcome } from '../identity/enrolment.ts';
import type { RecordingStatus } from '../recording/recording-messages.ts';

/** What happened, and what to do about it. */
export type Words = { readonly what: string; readonly todo: string };

export function cameraWords(problem: CameraProblem | 'elsewhere'): Words {
  switch (problem) {
    case 'refused':
      return {
        what: 'This page may not use the camera.',
        todo: 'Allow the camera for this page: touch the sign beside the address, or open the settings of the browser. Then try again.',
      };
    case 'none':
      return { what: 'No camera was found.', todo: 'Connect one, or use another device.' };
    case 'busy':
      return { what: 'Another app uses the camera.', todo: 'Close it, then try again.' };
    case 'ended':
      return {
        what: 'The system took the camera away.',
        todo: 'It is opened again as soon as that is possible. Close other apps that use the camera.',
      };
    case 'failed':
      return { what: 'The camera did not start.', todo: 'Try again. If that does not help, start the phone anew.' };
    case 'elsewhere':
      return { what: 'Another window of this browser is filming.', todo: 'Stop there first.' };
  }
}

export function enrolmentWords(problem: Exclude<EnrolmentOutcome['kind'], 'enrolled'>): Words {
  const askForNew = 'Ask for a new code and scan it.';
  switch (problem) {
    case 'code_over':
      return { what: 'This code is not valid any more. Codes are good for 15 minutes.', todo: askForNew };
    case 'code_used':
      return {
        what: 'Another device has used this code.',
        todo: `If that was not you, say so to whoever gave it to you. ${askForNew}`,
      };
    case 'server_full':
      return {
        what: 'The server takes no more devices.',
        todo: 'Somebody must approve or remove some first. Then try again.',
      };
    case 'unreachable':
      return { what: 'The server does not answer.', todo: 'See whether this phone has a network, then try again.' };
    case 'keys_refused':
      return {
        what: 'This browser keeps no keys, as in a private window.',
        todo: 'Open the link in a normal window.',
      };
    case 'refused':
      return { what: 'The server did not take this phone.', todo: askForNew };
  }
}

/** Where pictures and sound go just now, in one sentence. */
export function connectionWords(filming: FilmingStatus, host: string): string {
  switch (filming.link) {
    case 'connected':
      return filming.sound === 'sent'
        ? `Picture and sound go to ${host}`
        : `The picture goes to ${host}, without sound`;
    case 'connecting':
      return `Connecting to ${host}. Until then it is kept on this phone`;
    case 'offline':
      return 'No connection. It is kept on this phone and sent later';
    case 'replaced':
      return 'This phone sends from another window. Here it is kept only';
  }
}

/** Undefined when there is nothing to say. */
export function recordingWords({ waiting, lost, refused, isUploading, problem }: RecordingStatus): string | undefined {
  if (problem === 'no_storage') return 'This browser cannot keep recordings. What is not sent at once is lost.';
  if (problem === 'no_space') return 'The phone is full: newer recordings cannot be kept.';
  const parts = [
    waiting === 0 ? undefined : `${counted(waiting)} ${isUploading ? 'being sent' : 'waiting to be sent'}`,
    lost === 0 ? undefined : `${counted(lost)} lost, because there was no room`,
    refused === 0 ? undefined : `${counted(refused)} not taken by the server`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(', ');
}

function counted(segments: number): string {
  return segments === 1 ? '1 recording' : `${segments} recordings`;
}

export function soundWords({ sound, link }: FilmingStatus): string {
  switch (sound) {
    case 'sent':
      return link === 'connected' ? 'sent' : 'kept, not sent';
    case 'off':
      return 'off';
    case 'refused':
      return 'not allowed';
    case 'unsupported':
      return 'not possible here';
  }
}

export function positionWords({ position, link }: FilmingStatus): string {
  switch (position) {
    case 'sent':
      return link === 'connected' ? 'sent' : 'not sent';
    case 'off':
      return 'off';
    case 'refused':
      return 'not allowed';
  }
}
