// Only for tests that need tools which a developer's machine may not have.
/** For `skip`: on a developer's machine a test without its tools is left out, in CI it fails with the reason. */
export function unlessMissing(missing: string | undefined): string | false {
  if (missing === undefined) return false;
  // oxlint-disable-next-line node/no-process-env -- only tests load this file
  if (process.env['CI'] === 'true') throw new Error(`Missing for this test: ${missing}`);
  return `missing: ${missing}`;
}
