/** Signs that are not seen, move the text around or drive a terminal: C0, DEL, C1, zero-width, directions, separators. */
const unseen =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/**
 * Text of events as one line in which nothing hides: what cannot be seen is written as its number. Names, hosts and users are what
 * their senders say; without this one could look like another, or turn the words after it around.
 */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(unseen, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}}`);
}
