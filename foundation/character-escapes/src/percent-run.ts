/** `%C3%A9`: the text of a whole run of percent signs (RFC 3986, section 2.1); undefined where its bytes are no UTF-8, or it is no run. */
export function decodePercentRun(run: string): string | undefined {
  if (!/^(?:%[\da-f]{2})+$/i.test(run)) return undefined;
  const decoded = Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8');
  // What is no UTF-8 is read as this; who writes it out is not undone either.
  return decoded.includes('\ufffd') ? undefined : decoded;
}
