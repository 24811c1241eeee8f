import { argon2, timingSafeEqual, type Argon2Parameters } from 'node:crypto';
import { promisify } from 'node:util';
import { createWorkQueue, type Lane } from './work-queue.ts';

/** Argon2id (RFC 9106) as OWASP's password storage guide has it: 19 MiB, two passes, one lane; about 50 ms. */
export type PasswordCost = { readonly memoryKib: number; readonly passes: number };
const defaultCost: PasswordCost = { memoryKib: 19_456, passes: 2 };
const saltBytes = 16;
const tagBytes = 32;
const waitingLimits = { maxWaiting: 32, maxPerSource: 6 };
/** Whoever sets a password has shown a link, a session or a password of ours. */
const setting: Lane = { source: 'setting a password', isKnown: true };

export type PasswordHashes = {
  /** In the PHC string format. Throws `passwords_busy`. */
  hash(password: string, lane?: Lane): Promise<string>;
  /**
   * Without a stored hash the same work is done, so that the time tells nobody who exists.
   * `outdated` when the stored one was made at another cost. Throws `passwords_busy`.
   */
  verify(
    password: string,
    stored: string | undefined,
    lane: Lane,
  ): Promise<{ readonly matches: boolean; readonly outdated: boolean }>;
};

/** `pepper` goes into every hash and is not in the database: guessing needs both. */
export function createPasswordHashes(needs: {
  readonly random: (length: number) => Uint8Array;
  readonly pepper: Uint8Array;
  readonly cost?: PasswordCost;
}): PasswordHashes {
  const { random, pepper, cost = defaultCost } = needs;
  const enqueue = createWorkQueue(waitingLimits);
  const derive = promisify<string, Argon2Parameters, Buffer>((algorithm, parameters, done) =>
    argon2(algorithm === 'argon2id' ? algorithm : 'argon2id', parameters, done),
  );
  const tagOf = (password: string, salt: Uint8Array, at: PasswordCost, lane: Lane): Promise<Buffer> =>
    enqueue(
      () =>
        derive('argon2id', {
          // The same password typed on another system may arrive composed otherwise.
          message: password.normalize('NFKC'),
          nonce: salt,
          secret: pepper,
          memory: at.memoryKib,
          passes: at.passes,
          parallelism: 1,
          tagLength: tagBytes,
        }),
      lane,
    );

  return {
    async hash(password, lane = setting) {
      const salt = random(saltBytes);
      return format(cost, salt, await tagOf(password, salt, cost, lane));
    },
    async verify(password, stored, lane) {
      const known = stored === undefined ? undefined : parse(stored);
      const tag = await tagOf(password, known?.salt ?? random(saltBytes), known?.cost ?? cost, lane);
      const matches = known !== undefined && timingSafeEqual(tag, known.tag);
      const outdated =
        known !== undefined && (known.cost.memoryKib !== cost.memoryKib || known.cost.passes !== cost.passes);
      return { matches, outdated };
    },
  };
}

function format(cost: PasswordCost, salt: Uint8Array, tag: Uint8Array): string {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replaceAll('=', '');
  return `$argon2id$v=19$m=${cost.memoryKib},t=${cost.passes},p=1$${base64(salt)}$${base64(tag)}`;
}

function parse(text: string): { cost: PasswordCost; salt: Buffer; tag: Buffer } | undefined {
  const match = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=1\$([\w+/]{22})\$([\w+/]{43})$/.exec(text);
  if (match === null) return undefined;
  const [, memory, passes, salt = '', tag = ''] = match;
  return {
    cost: { memoryKib: Number(memory), passes: Number(passes) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}
