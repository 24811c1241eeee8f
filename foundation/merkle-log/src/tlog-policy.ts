// c2sp.org/tlog-policy: which logs and witnesses somebody trusts, and how many witnesses are enough.
import { isUtf8 } from 'node:buffer';
import { MerkleLogError } from './errors.ts';
import { parseDecimal } from './text-format.ts';
import { formatVerifierKey, parseVerifierKey } from './verifier-key.ts';
import type { VerifierKey } from './verifier-key.ts';

const MAX_POLICY_BYTES = 1024 * 1024;
const MAX_OF_EACH = 256;
/** In place of the name of a witness or group: no cosignature is demanded. */
const NO_QUORUM = 'none';

export type PolicyLog = { readonly verifierKey: VerifierKey; readonly url?: string };

export type PolicyWitness = {
  /** Has a meaning inside the policy only. Octets that are no UTF-8 stand as U+DC80 to U+DCFF. */
  readonly name: string;
  readonly verifierKey: VerifierKey;
  readonly url?: string;
};

/** Witnesses what at least `threshold` of its members, witnesses or earlier groups, witness. */
export type PolicyGroup = { readonly name: string; readonly threshold: number; readonly members: readonly string[] };

export type TlogPolicy = {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  readonly groups: readonly PolicyGroup[];
  /** The name of a witness or group, or undefined for `quorum none`. */
  readonly quorum: string | undefined;
};

type Draft = {
  readonly logs: PolicyLog[];
  readonly witnesses: PolicyWitness[];
  readonly groups: PolicyGroup[];
  readonly names: Set<string>;
  readonly memberNames: Set<string>;
  quorum: { readonly name: string } | undefined;
};

/**
 * Reads a policy file, up to 1 MiB and 256 logs, witnesses and groups each. Beyond the specification, two keys with one name and
 * key ID are refused, as nobody could tell their signatures apart. `details` of an error hold the `line`.
 * @throws MerkleLogError `invalid_policy`
 */
export function parsePolicy(input: Uint8Array | string): TlogPolicy {
  const bytes = Buffer.from(input);
  if (bytes.length > MAX_POLICY_BYTES) {
    throw invalidPolicy(`it has ${bytes.length} bytes, must be at most ${MAX_POLICY_BYTES}`);
  }
  if (bytes.length > 0 && bytes.at(-1) !== 0x0a) throw invalidPolicy('its last line must end with a newline');
  const draft: Draft = {
    logs: [],
    witnesses: [],
    groups: [],
    names: new Set(),
    memberNames: new Set(),
    quorum: undefined,
  };
  for (const [at, line] of bytes.toString('latin1').split('\n').entries()) readLine(draft, line, at + 1);
  const { logs, witnesses, groups, quorum } = draft;
  if (quorum === undefined) throw invalidPolicy('it must have a quorum line');
  return { logs, witnesses, groups, quorum: quorum.name === NO_QUORUM ? undefined : quorum.name };
}

function readLine(draft: Draft, line: string, lineNumber: number): void {
  const refuse = (why: string): MerkleLogError => invalidPolicy(`line ${lineNumber}: ${why}`, { line: lineNumber });
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(line)) throw refuse('it must be without control characters');
  const [keyword, ...items] = line
    .split(/[ \t]+/)
    .filter((item) => item !== '')
    .map(decodeOctets);
  if (keyword === undefined || keyword.startsWith('#')) return;
  switch (keyword) {
    case 'log': {
      const [vkey, url, ...rest] = items;
      if (vkey === undefined || rest.length > 0) throw refuse('a log must be "log <vkey> [<url>]"');
      const verifierKey = readKey(vkey, draft.logs, refuse);
      if (verifierKey.kind === 'cosignature/v1') throw refuse('the key of a log must be of type 1 or 6');
      requireOwnId(verifierKey, draft, refuse);
      draft.logs.push({ verifierKey, ...(url === undefined ? {} : { url }) });
      return;
    }
    case 'witness': {
      const [name, vkey, url, ...rest] = items;
      if (name === undefined || vkey === undefined || rest.length > 0) {
        throw refuse('a witness must be "witness <name> <vkey> [<url>]"');
      }
      const verifierKey = readKey(vkey, draft.witnesses, refuse);
      if (verifierKey.kind === 'ed25519') throw refuse('the key of a witness must be of type 4 or 6');
      requireOwnId(verifierKey, draft, refuse);
      defineName(name, draft, refuse);
      draft.witnesses.push({ name, verifierKey, ...(url === undefined ? {} : { url }) });
      return;
    }
    case 'group': {
      const [name, count, ...members] = items;
      if (name === undefined || count === undefined || members.length === 0) {
        throw refuse('a group must be "group <name> all|any|<k> <name>…"');
      }
      if (draft.groups.length === MAX_OF_EACH) throw refuse(`there must be at most ${MAX_OF_EACH} groups`);
      const threshold = count === 'all' ? members.length : count === 'any' ? 1 : parseDecimal(count);
      if (threshold === undefined || threshold < 1 || threshold > members.length) {
        throw refuse(`"${count}" must be "all", "any" or a number from 1 to ${members.length}`);
      }
      for (const member of members) {
        if (!draft.names.has(member)) throw refuse(`"${member}" must be defined before`);
        if (draft.memberNames.has(member)) throw refuse(`"${member}" must be a member once`);
        draft.memberNames.add(member);
      }
      defineName(name, draft, refuse);
      draft.groups.push({ name, threshold, members });
      return;
    }
    case 'quorum': {
      const [name, ...rest] = items;
      if (name === undefined || rest.length > 0) throw refuse('a quorum must be "quorum <name>"');
      if (draft.quorum !== undefined) throw refuse('there must be one quorum line');
      if (name !== NO_QUORUM && !draft.names.has(name)) throw refuse(`"${name}" must be defined before`);
      draft.quorum = { name };
      return;
    }
    default:
      throw refuse(`"${keyword}" must be "log", "witness", "group" or "quorum"`);
  }
}

type Refuse = (why: string) => MerkleLogError;

function readKey(vkey: string, others: readonly { verifierKey: VerifierKey }[], refuse: Refuse): VerifierKey {
  if (others.length === MAX_OF_EACH) throw refuse(`there must be at most ${MAX_OF_EACH} logs and as many witnesses`);
  let key: VerifierKey;
  try {
    key = parseVerifierKey(vkey);
  } catch (error) {
    throw error instanceof MerkleLogError ? refuse(error.message) : error;
  }
  const isTwice = others.some(({ verifierKey }) => Buffer.compare(verifierKey.publicKey, key.publicKey) === 0);
  if (isTwice) throw refuse('the public key must not stand twice');
  return key;
}

function requireOwnId(key: VerifierKey, { logs, witnesses }: Draft, refuse: Refuse): void {
  const isTaken = [...logs, ...witnesses].some(
    ({ verifierKey }) => verifierKey.name === key.name && verifierKey.keyId === key.keyId,
  );
  if (isTaken) throw refuse('the name and key ID are those of another key');
}

function defineName(name: string, { names }: Draft, refuse: Refuse): void {
  if (name === NO_QUORUM) throw refuse(`"${NO_QUORUM}" must not be defined`);
  if (names.has(name)) throw refuse(`"${name}" must be defined once`);
  names.add(name);
}

/** UTF-8, or else each octet beyond ASCII as one lone surrogate: different octets stay different names. */
function decodeOctets(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return latin1.replaceAll(/[\u0080-\u00ff]/g, (octet) => String.fromCharCode(0xdc00 + octet.charCodeAt(0)));
}

/** The policy as a file. @throws MerkleLogError `invalid_policy` for what {@link parsePolicy} would not read back as it is */
export function formatPolicy({ logs, witnesses, groups, quorum }: TlogPolicy): string {
  const withUrl = (line: string, url: string | undefined): string => (url === undefined ? line : `${line} ${url}`);
  const lines = [
    ...logs.map(({ verifierKey, url }) => withUrl(`log ${formatVerifierKey(verifierKey)}`, url)),
    ...witnesses.map(({ name, verifierKey, url }) => withUrl(`witness ${name} ${formatVerifierKey(verifierKey)}`, url)),
    ...groups.map(({ name, threshold, members }) => `group ${name} ${threshold} ${members.join(' ')}`),
    `quorum ${quorum ?? NO_QUORUM}`,
  ];
  const text = `${lines.join('\n')}\n`;
  if (!text.isWellFormed()) throw invalidPolicy('its names and URLs must be valid Unicode');
  const read = parsePolicy(text);
  const isSame =
    isDeepEqual(
      read.logs.map(({ url }) => [url]),
      logs.map(({ url }) => [url]),
    ) &&
    isDeepEqual(
      read.witnesses.map(({ name, url }) => [name, url]),
      witnesses.map(({ name, url }) => [name, url]),
    ) &&
    isDeepEqual(read.groups.map(groupWords), groups.map(groupWords)) &&
    read.quorum === quorum;
  if (!isSame) throw invalidPolicy('its names and URLs must be single words');
  return text;
}

function groupWords({ name, threshold, members }: PolicyGroup): readonly string[] {
  return [name, String(threshold), ...members];
}

function isDeepEqual(left: readonly (readonly (string | undefined)[])[], right: typeof left): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function invalidPolicy(why: string, details: { line?: number } = {}): MerkleLogError {
  return new MerkleLogError('invalid_policy', `Cannot use the policy: ${why}`, details);
}
