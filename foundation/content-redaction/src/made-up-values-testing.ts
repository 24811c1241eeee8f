// Values that look like secrets and personal data and are nobody's, made when a test runs: no scanner finds them in this file.
import { crc32 } from 'node:zlib';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Signs of an alphabet in an order that looks random and is the same each time. */
export function signs(count: number, alphabet: string = base62, seed = 7): string {
  let state = seed * 2_654_435_761 + count;
  let text = '';
  for (let index = 0; index < count; index += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    text += alphabet[(state >>> 8) % alphabet.length];
  }
  return text;
}

export const hex = (count: number, seed?: number): string => signs(count, '0123456789abcdef', seed);
export const wide = (count: number, seed?: number): string => signs(count, `${base62}_-`, seed);

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  while (rest > 0) {
    digits = (base62[rest % 62] ?? '') + digits;
    rest = Math.floor(rest / 62);
  }
  return digits.padStart(6, '0');
}

/** With the checksum such tokens end in. */
export function checkedToken(prefix: string): string {
  const body = signs(30);
  return `${prefix}${body}${checksum(body)}`;
}

export function ownApiKey(): string {
  const body = `s${'p_'}${signs(11)}_${signs(43)}`;
  return body + checksum(body);
}

export function pem(kind = 'RSA PRIVATE KEY', lines = 12): string {
  const dashes = '-'.repeat(5);
  const body = Array.from({ length: lines }, (_, line) => signs(64, `${base62}+/`, line + 1)).join('\n');
  return `${dashes}BEGIN ${kind}${dashes}\n${body}\n${dashes}END ${kind}${dashes}`;
}

export function jwt(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'nobody', iat: 1 })}.${wide(43)}`;
}

export const made = {
  awsKey: `AK${'IA'}${signs(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
  awsSecret: signs(40, `${base62}+/`),
  github: checkedToken(`gh${'p_'}`),
  githubFine: `github${'_pat_'}${signs(22)}_${signs(59)}`,
  gitlab: `gl${'pat-'}${wide(20)}`,
  slack: `xo${'xb-'}${signs(12, '0123456789')}-${signs(12, '0123456789')}-${signs(24)}`,
  slackHook: `https://hooks.${'slack.com'}/services/T${signs(8)}/B${signs(8)}/${signs(24)}`,
  stripe: `sk_${'live_'}${signs(24)}`,
  google: `AI${'za'}${wide(35)}`,
  azure: `Account${'Key='}${signs(86, `${base62}+/`)}==`,
  azureApp: `${signs(3)}8${'Q~'}${wide(34)}`,
  npm: checkedToken(`np${'m_'}`),
  pypi: `py${'pi-'}AgEIcHlwaS5vcmc${wide(80)}`,
  openai: `sk-${'proj-'}${wide(40)}${'T3Blbk'}FJ${wide(40, 9)}`,
  anthropic: `sk-${'ant-'}api03-${wide(93)}AA`,
  huggingface: `hf${'_'}${signs(34, 'abcdefghijklmnopqrstuvwxyzABCDEFGH')}`,
  sendgrid: `S${'G.'}${wide(22)}.${wide(43)}`,
  telegram: `${signs(9, '123456789')}:${'AA'}${wide(33)}`,
  vault: `hv${'s.'}${wide(90)}`,
  terraform: `${signs(14)}.${'atlasv1'}.${wide(64)}`,
  age: `AGE-${'SECRET-KEY-1'}${signs(58, 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L')}`,
  ownAgent: `sp${'a_'}${wide(43)}`,
  ownKey: ownApiKey(),
  password: `Tr0ub4dor${'&3xQ'}`,
  iban: `GB${'29'}NWBK60161331926819`,
  card: `4${'111'}111111111111`,
  email: `ann.${'lee'}@home.example`,
} as const;
