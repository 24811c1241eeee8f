const methodWords: Readonly<Record<string, string>> = {
  password: 'password',
  totp: 'authenticator app',
  passkey: 'passkey',
  certificate: 'certificate',
  recovery: 'recovery code',
  code: 'a code that was sent',
  sealed: 'a sealed code',
};

/** How somebody came in: `password and authenticator app`. A provider is named as `nameOf` has it. */
export function waysInWords(methods: readonly string[], nameOf: (provider: string) => string): string {
  const words = methods.map((method) =>
    method.startsWith('provider:') ? nameOf(method.slice('provider:'.length)) : (methodWords[method] ?? method),
  );
  if (words.length < 3) return words.join(' and ');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** What a browser says of itself, as people call it: `Firefox 140 on Windows`. It may say what it likes. */
export function browserWords(agent: string): string {
  const found = /(Firefox|Edg|OPR|Chrome|Version)\/(\d+)/.exec(agent.replace(/Chrome\/\d+\S*(?=.*(?:Edg|OPR)\/)/, ''));
  const isSafari = found?.[1] === 'Version' && agent.includes('Safari');
  const name = found?.[1] === undefined ? undefined : isSafari ? 'Safari' : (browserNames[found[1]] ?? found[1]);
  const system = systems.find((one) => agent.includes(one));
  const browser = name === undefined ? undefined : `${name} ${found?.[2] ?? ''}`.trim();
  const place = system === undefined ? undefined : (systemNames[system] ?? system);
  if (browser !== undefined && place !== undefined) return `${browser} on ${place}`;
  return browser ?? place ?? (agent === '' ? 'Unnamed program' : agent.slice(0, 60));
}

const browserNames: Readonly<Record<string, string>> = { Edg: 'Edge', OPR: 'Opera', Version: 'Browser' };
/** A phone says the system it descends from as well: the first of these counts. */
const systems = ['iPhone', 'iPad', 'Android', 'CrOS', 'Windows', 'Mac OS X', 'Linux'];
const systemNames: Readonly<Record<string, string>> = { 'Mac OS X': 'macOS', CrOS: 'ChromeOS' };

/** `25 minutes`, `12 hours`, `2 days`: whole ones where they are. */
export function spanWords(minutes: number): string {
  const [count, unit] =
    minutes % 1440 === 0 ? [minutes / 1440, 'day'] : minutes % 60 === 0 ? [minutes / 60, 'hour'] : [minutes, 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
