import { codeOf } from '@sallyport/platform/errors';
import type { Secret } from '@sallyport/platform/secret';
import { refused, unavailable } from '../provider-failure.ts';
import {
  CKF_DECRYPT,
  CKF_ENCRYPT,
  CKF_USER_PIN_FINAL_TRY,
  CKF_USER_PIN_LOCKED,
  CKF_WRITE_PROTECTED,
  CKM_AES_GCM,
} from './cryptoki-names.ts';
import { createCryptoki, CryptokiError } from './cryptoki.ts';
import type { Cryptoki, CryptokiLibrary, TokenInfo } from './cryptoki.ts';

/** A session with one token, its user logged in. */
export type TokenConnection = {
  readonly cryptoki: Cryptoki;
  readonly token: TokenInfo;
  readonly session: bigint;
  /** Does something in a session of its own: it sees what another program would see. */
  inNewSession<Result>(use: (session: bigint) => Result): Result;
};

/** What a token answers about a request; after anything else the connection is made anew. */
const answers: ReadonlySet<string> = new Set([
  'CKR_DATA_INVALID',
  'CKR_DATA_LEN_RANGE',
  'CKR_ENCRYPTED_DATA_INVALID',
  'CKR_ENCRYPTED_DATA_LEN_RANGE',
  'CKR_ATTRIBUTE_TYPE_INVALID',
  'CKR_ATTRIBUTE_VALUE_INVALID',
  'CKR_ATTRIBUTE_READ_ONLY',
  'CKR_TEMPLATE_INCONSISTENT',
  'CKR_ACTION_PROHIBITED',
  'CKR_KEY_FUNCTION_NOT_PERMITTED',
  'CKR_MECHANISM_INVALID',
  'CKR_MECHANISM_PARAM_INVALID',
]);
const pinRefusals: ReadonlySet<string> = new Set([
  'CKR_PIN_INCORRECT',
  'CKR_PIN_INVALID',
  'CKR_PIN_LEN_RANGE',
  'CKR_PIN_EXPIRED',
  'CKR_PIN_LOCKED',
  'CKR_USER_PIN_NOT_INITIALIZED',
]);

export type TokenNeeds = {
  readonly loadLibrary: () => Promise<CryptokiLibrary>;
  /** Serial numbers tell tokens apart; labels and slots do not. */
  readonly serial: string;
  readonly readPin: () => Secret;
};

/** Connects when first used and again after a failure. `use` is called with a connection that works. */
export function createTokenConnector(needs: TokenNeeds) {
  let cryptoki: Cryptoki | undefined;
  let connection: TokenConnection | undefined;

  const disconnect = (): void => {
    connection = undefined;
    cryptoki?.finalize();
    cryptoki = undefined;
  };

  const connect = async (): Promise<TokenConnection> => {
    const made = createCryptoki(await needs.loadLibrary());
    // A library is started once in a process; only who started it ends it.
    if (made.initialize()) cryptoki = made;
    const { slot, token } = findToken(made, needs.serial);
    const wanted = CKF_ENCRYPT | CKF_DECRYPT;
    if ((made.mechanismFlags(slot, CKM_AES_GCM) & wanted) !== wanted) {
      throw refused(`Cannot use token "${token.label}": it lacks CKM_AES_GCM`);
    }
    const session = made.openSession(slot);
    logIn(made, session, token, needs.readPin);
    return {
      cryptoki: made,
      token,
      session,
      inNewSession(use) {
        const own = made.openSession(slot);
        try {
          return use(own);
        } finally {
          made.closeSession(own);
        }
      },
    };
  };

  return {
    /** Throws `provider_unavailable` and `provider_refused`; `CryptokiError` for what a token answers. */
    async use<Result>(action: (connection: TokenConnection) => Result): Promise<Result> {
      try {
        connection ??= await connect();
        return action(connection);
      } catch (error) {
        if (error instanceof CryptokiError && answers.has(error.code)) throw error;
        if (!(error instanceof CryptokiError) && connection !== undefined) throw error;
        disconnect();
        if (!(error instanceof CryptokiError)) throw error;
        throw unavailable(`Cannot use token ${needs.serial}`, error);
      }
    },
    close: disconnect,
  };
}

function findToken(cryptoki: Cryptoki, serial: string): { slot: bigint; token: TokenInfo } {
  const found = cryptoki.slots().flatMap((slot) => {
    try {
      return [{ slot, token: cryptoki.tokenInfo(slot) }];
    } catch {
      // Another reader's broken card is not ours.
      return [];
    }
  });
  const [match, second] = found.filter(({ token }) => token.serial === serial);
  if (match === undefined) {
    const present = found
      .filter(({ token }) => token.serial !== '')
      .map(({ token }) => `${token.serial} (${token.label})`)
      .join(', ');
    throw unavailable(
      `Cannot find the token of serial number "${serial}": there is ${present === '' ? 'none' : present}`,
    );
  }
  if (second !== undefined) throw refused(`Cannot use the token of serial number "${serial}": two tokens have it`);
  return match;
}

/** Never spends the last try: a program that is started again and again would lock the token. */
function logIn(cryptoki: Cryptoki, session: bigint, token: TokenInfo, readPin: () => Secret): void {
  if ((token.flags & (CKF_USER_PIN_LOCKED | CKF_USER_PIN_FINAL_TRY)) !== 0) {
    throw refused(
      `Cannot log in to token "${token.label}": its PIN is locked or has one try left`,
      'log in once by hand with the right PIN, or have the security officer reset it',
    );
  }
  if ((token.flags & CKF_WRITE_PROTECTED) !== 0)
    throw refused(`Cannot use token "${token.label}": it is write-protected`);
  try {
    cryptoki.login(session, readPin().reveal());
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (code === 'CKR_USER_ALREADY_LOGGED_IN') return;
    if (pinRefusals.has(code)) throw refused(`Cannot log in to token "${token.label}": ${code}`, 'check the PIN file');
    throw error;
  }
}
