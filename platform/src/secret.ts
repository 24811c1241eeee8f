import { inspect } from 'node:util';

/** Text that must not be printed: every way of turning it into text gives `[secret]`, except `reveal()`. */
export type Secret = { reveal(): string; toString(): string; toJSON(): string };

export function createSecret(text: string): Secret {
  const hidden = (): string => '[secret]';
  return Object.freeze({ reveal: () => text, toString: hidden, toJSON: hidden, [inspect.custom]: hidden });
}
