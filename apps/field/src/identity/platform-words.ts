/** Browsers, the particular before those they also pretend to be. */
const browsers: readonly (readonly [string, RegExp])[] = [
  ['Edge', /\bEdg(?:A|iOS)?\/(\d+)/],
  ['Samsung Internet', /\bSamsungBrowser\/(\d+)/],
  ['Firefox', /\b(?:Firefox|FxiOS)\/(\d+)/],
  ['Chrome', /\b(?:Headless)?(?:Chrome|CriOS)\/(\d+)/],
  ['Safari', /\bVersion\/(\d+(?:\.\d+)?).*\bSafari\//],
];
const systems: readonly (readonly [string, RegExp])[] = [
  ['iPhone, iOS', /\biPhone OS (\d+(?:_\d+)?)/],
  ['iPad, iPadOS', /\biPad\b.*? OS (\d+(?:_\d+)?)/],
  ['Android', /\bAndroid (\d+)/],
  ['Windows', /\bWindows NT()/],
  ['ChromeOS', /\bCrOS()/],
  ['macOS', /\bMac OS X()/],
  ['Linux', /\bLinux()/],
];
const mostCharacters = 100;

/** `Chrome 156, Linux`: a browser and its system as people call them; what it calls itself where that says neither. */
export function platformWords(userAgent: string): string {
  const words = [browsers, systems].flatMap((known) => {
    for (const [name, pattern] of known) {
      const found = pattern.exec(userAgent);
      if (found !== null) return [`${name} ${(found[1] ?? '').replace('_', '.')}`.trim()];
    }
    return [];
  });
  return (words.length === 0 ? userAgent : words.join(', ')).slice(0, mostCharacters);
}
