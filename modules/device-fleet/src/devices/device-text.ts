import { DeviceFleetError } from '../errors.ts';

const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u;
const maxAboutLength = 100;

/** What people call a device or its place, without space around it. Throws `device_text_invalid`. */
export function parseDeviceText(what: 'name' | 'place' | 'site', text: string): string {
  const parsed = text.normalize('NFC').trim();
  const maxLength = what === 'site' ? 60 : 100;
  const isMissing = what === 'name' && parsed === '';
  if (!isMissing && parsed.length <= maxLength && !unprintable.test(parsed)) return parsed;
  throw new DeviceFleetError(
    'device_text_invalid',
    `Cannot use ${JSON.stringify(text.slice(0, 100))} as ${what}: must be ${what === 'name' ? '1 to' : 'at most'} ${maxLength} printable characters`,
  );
}

/** What a device says of itself, fit to be shown: nothing that drives a screen, turns text around or towers over it. */
export function cleanDeviceText(text: string): string {
  const shown = text
    .slice(0, maxAboutLength * 4)
    .normalize('NFC')
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .replaceAll(/(\p{M}{2})\p{M}+/gu, '$1')
    .trim();
  return Array.from(shown).slice(0, maxAboutLength).join('').trim();
}
