const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:(?:Headless)?Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const systems: readonly (readonly [RegExp, string])[] = [
  [/\biP(?:hone|od)\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** What kind of program it says it is, without what changes with each version: `Firefox on Linux`, `curl`. */
export function browserFamily(agent: string): string {
  if (agent === '') return 'an unnamed program';
  const name = browserName(agent);
  const system = systems.find(([pattern]) => pattern.test(agent))?.[1];
  return system === undefined ? name : `${name} on ${system}`;
}

/** `Firefox`: what does not change when a page is asked for as for a computer. */
export function browserName(agent: string): string {
  const known = browsers.find(([pattern]) => pattern.test(agent))?.[1];
  return known ?? /^[\w.-]{1,40}/.exec(agent)?.[0] ?? 'an unnamed program';
}
