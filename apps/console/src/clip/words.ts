/** Why there is nothing the server recorded itself, in a sentence. */
const gapWords: Readonly<Record<string, string>> = {
  offline: 'The camera sent nothing.',
  uploaded_later: 'The camera was cut off, recorded itself and sent it later.',
  camera_off: 'The camera was switched off.',
  deleted: 'Deleted because it was too old or there was too much.',
  lost: 'The server was not running, could not keep what was sent, or no longer has it.',
  before_first: 'Nothing of this camera was recorded before.',
  not_sealed_yet: 'Not sealed yet when the clip was exported; export again for what came after.',
};

export function gapReason(why: string): string {
  return gapWords[why] ?? 'Nobody said why.';
}

/** `09:00:05.250`, in UTC: everybody who looks at a clip reads the same time. */
export function clockTime(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}

export function dateTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
}

/** `1 min 5 s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const parts = [hours > 0 ? `${hours} h` : '', minutes > 0 ? `${minutes} min` : '', `${seconds % 60} s`];
  return parts.filter((part) => part !== '').join(' ');
}
