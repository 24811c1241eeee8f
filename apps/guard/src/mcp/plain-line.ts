/** One line for a log or a terminal: nothing in it ends the line, hides, or moves what is shown. */
export function plainLine(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '·').slice(0, 4000);
}
