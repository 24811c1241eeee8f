import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { KnownDevice } from './session.ts';

/** What the person has chosen on this phone. */
export type Choices = {
  readonly sound: boolean;
  readonly position: boolean;
  readonly startOnCharge: boolean;
  /** Keep what the server has too. */
  readonly keepAll: boolean;
  readonly facing: 'environment' | 'user';
};

/** What is remembered between two visits besides the keys: nothing secret. */
export type Memory = {
  choices(): Choices;
  choose(changed: Partial<Choices>): Choices;
  /** How the server calls this phone, once it was approved. */
  device(): KnownDevice | undefined;
  rememberDevice(device: KnownDevice): void;
  removed(): { readonly name: string; readonly atMs: number } | undefined;
  rememberRemoved(removed: { readonly name: string; readonly atMs: number }): void;
  clockOffsetMs(): number;
  rememberClockOffset(offsetMs: number): void;
  /** A new beginning. Choices stay. */
  forgetDevice(): void;
};

const prefix = 'sallyport.field.';

/** A storage that refuses, or holds what we did not write, is as one that is empty. */
export function createMemory(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>): Memory {
  const read = (name: string): JsonObject => {
    try {
      const value = parseJson(storage.getItem(`${prefix}${name}`) ?? 'null');
      return isJsonObject(value) ? value : {};
    } catch {
      return {};
    }
  };
  const write = (name: string, value: JsonObject): void => {
    try {
      storage.setItem(`${prefix}${name}`, JSON.stringify(value));
    } catch {
      // A full or forbidden storage: it holds for this visit only.
    }
  };
  const forget = (name: string): void => {
    try {
      storage.removeItem(`${prefix}${name}`);
    } catch {
      // It was not kept either.
    }
  };
  let choices = parseChoices(read('choices'));

  return {
    choices: () => choices,
    choose(changed) {
      choices = { ...choices, ...changed };
      write('choices', choices);
      return choices;
    },
    device() {
      const { name, place, site } = read('device');
      return textOf(name) === '' ? undefined : { name: textOf(name), place: textOf(place), site: textOf(site) };
    },
    rememberDevice: (device) => write('device', device),
    removed() {
      const { name, at_ms: atMs } = read('removed');
      return typeof atMs === 'number' ? { name: textOf(name), atMs } : undefined;
    },
    rememberRemoved({ name, atMs }) {
      forget('device');
      write('removed', { name, at_ms: atMs });
    },
    clockOffsetMs() {
      const { ms } = read('clock');
      return typeof ms === 'number' ? ms : 0;
    },
    rememberClockOffset: (ms) => write('clock', { ms }),
    forgetDevice: () => ['device', 'removed', 'clock'].forEach(forget),
  };
}

function parseChoices(kept: JsonObject): Choices {
  return {
    sound: kept['sound'] !== false,
    position: kept['position'] === true,
    startOnCharge: kept['startOnCharge'] === true,
    keepAll: kept['keepAll'] === true,
    facing: kept['facing'] === 'user' ? 'user' : 'environment',
  };
}
