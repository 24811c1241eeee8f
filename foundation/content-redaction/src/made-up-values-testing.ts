// Values that look like secrets and personal data and are nobody's, made when a test runs: no scanner finds them in this file.
import { crc32 } from 'node:zlib';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A part of a value that this file must not hold whole. */
export const apart = (text: string): string => text;

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
function checkedToken(prefix: string): string {
  const body = signs(30);
  return `${prefix}${body}${checksum(body)}`;
}

function ownApiKey(): string {
  const body = `s${apart('p_')}${signs(11)}_${signs(43)}`;
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
  awsKey: `AK${apart('IA')}${signs(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
  awsSecret: signs(40, `${base62}+/`),
  github: checkedToken(`gh${apart('p_')}`),
  githubFine: `github${apart('_pat_')}${signs(22)}_${signs(59)}`,
  gitlab: `gl${apart('pat-')}${wide(20)}`,
  slack: `xo${apart('xb-')}${signs(12, '0123456789')}-${signs(12, '0123456789')}-${signs(24)}`,
  slackHook: `https://hooks.${apart('slack.com')}/services/T${signs(8)}/B${signs(8)}/${signs(24)}`,
  stripe: `sk_${apart('live_')}${signs(24)}`,
  google: `AI${apart('za')}${wide(35)}`,
  azure: `Account${apart('Key=')}${signs(86, `${base62}+/`)}==`,
  azureApp: `${signs(3)}8${apart('Q~')}${wide(34)}`,
  npm: checkedToken(`np${apart('m_')}`),
  pypi: `py${apart('pi-')}AgEIcHlwaS5vcmc${wide(80)}`,
  openai: `sk-${apart('proj-')}${wide(40)}${apart('T3Blbk')}FJ${wide(40, 9)}`,
  anthropic: `sk-${apart('ant-')}api03-${wide(93)}AA`,
  huggingface: `hf${apart('_')}${signs(34, 'abcdefghijklmnopqrstuvwxyzABCDEFGH')}`,
  sendgrid: `S${apart('G.')}${wide(22)}.${wide(43)}`,
  telegram: `${signs(9, '123456789')}:${apart('AA')}${wide(33)}`,
  vault: `hv${apart('s.')}${wide(90)}`,
  terraform: `${signs(14)}.${apart('atlasv1')}.${wide(64)}`,
  age: `AGE-${apart('SECRET-KEY-1')}${signs(58, 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L')}`,
  ownAgent: `sp${apart('a_')}${wide(43)}`,
  ownKey: ownApiKey(),
  password: `Tr0ub4dor${apart('&3xQ')}`,
  iban: `GB${apart('29')}NWBK60161331926819`,
  card: `4${apart('111')}111111111111`,
  email: `ann.${apart('lee')}@home.example`,
} as const;
