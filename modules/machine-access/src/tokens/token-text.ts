/** Tokens say by their beginning what they are, so that scanners find what leaked. Which one it is, the rest says. */
export const accessPrefix = 'st_';
export const refreshPrefix = 'sr_';
const shape = /^(?:st|sr)_[\w-]{43}$/;

/** Whether a bearer is one of ours. Says nothing of whether it is good. */
export function isMachineToken(token: string): boolean {
  return token.startsWith(accessPrefix);
}

export function isTokenText(token: string): boolean {
  return shape.test(token);
}
