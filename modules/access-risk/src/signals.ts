import type { FindingAttack } from '@sallyport/contracts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

type Signal = {
  readonly title: string;
  /** Of 100, when it is fresh; several are combined as if each were a chance that something is wrong. */
  readonly points: number;
  /** It fades evenly to nothing in this time. */
  readonly lastsMs: number;
  readonly attack: FindingAttack;
  readonly response: string;
};

const validAccount: FindingAttack = { technique: 'T1078' };
const stolenCookie: FindingAttack = { technique: 'T1539' };
const guessing: FindingAttack = { technique: 'T1110', subTechnique: 'T1110.001' };
const askThem =
  'Ask the person by another way whether it was them. If not: end their sessions and reset their account.';

/** What somebody did themselves: adds to the risk of the person, of the session, or of the key. */
export const ownSignals = {
  'impossible-travel': {
    title: 'Signed in from two places too far apart',
    points: 75,
    lastsMs: dayMs,
    attack: validAccount,
    response: askThem,
  },
  'new-device': {
    title: 'Signed in with an unknown browser',
    points: 20,
    lastsMs: 3 * dayMs,
    attack: validAccount,
    response: askThem,
  },
  'new-country': {
    title: 'Signed in from a new country',
    points: 30,
    lastsMs: 3 * dayMs,
    attack: validAccount,
    response: askThem,
  },
  'new-network': {
    title: 'Signed in from a new network',
    points: 8,
    lastsMs: dayMs,
    attack: validAccount,
    response: askThem,
  },
  'unusual-hour': {
    title: 'Signed in at an unusual hour',
    points: 12,
    lastsMs: dayMs / 2,
    attack: validAccount,
    response: askThem,
  },
  absence: {
    title: 'First sign-in after a long time',
    points: 15,
    lastsMs: dayMs,
    attack: validAccount,
    response: askThem,
  },
  'after-reset': {
    title: 'Signed in right after a reset',
    points: 15,
    lastsMs: dayMs,
    attack: { technique: 'T1098' },
    response: askThem,
  },
  guessed: {
    title: 'Signed in after many failures from the same place',
    points: 45,
    lastsMs: 2 * dayMs,
    attack: guessing,
    response: askThem,
  },
  'campaign-success': {
    title: 'Signed in from where many accounts are tried',
    points: 80,
    lastsMs: 2 * dayMs,
    attack: { technique: 'T1110', subTechnique: 'T1110.003' },
    response:
      'Take the account as stolen until its owner says otherwise: end its sessions, reset it, look at what it did since.',
  },
  'session-travel': {
    title: 'One session in two places too far apart',
    points: 95,
    lastsMs: 12 * hourMs,
    attack: stolenCookie,
    response:
      'The session was ended where policy says so. Look at what it did from the second place; have the person sign in anew.',
  },
  'session-other-browser': {
    title: 'One session in two browsers',
    points: 95,
    lastsMs: 12 * hourMs,
    attack: stolenCookie,
    response:
      'The session was ended where policy says so. Look for malware on the person’s computer: cookies are stolen there.',
  },
  'session-two-places': {
    title: 'One session from two networks at once',
    points: 90,
    lastsMs: 2 * hourMs,
    attack: stolenCookie,
    response: 'Ask the person whether they switch between two networks. If not: end the session, look for malware.',
  },
  'session-new-country': {
    title: 'A session moved to a new country',
    points: 30,
    lastsMs: dayMs,
    attack: stolenCookie,
    response: askThem,
  },
  'key-new-network': {
    title: 'A key is used from a new network',
    points: 30,
    lastsMs: 3 * dayMs,
    attack: { technique: 'T1552' },
    response: 'Ask whoever runs the service whether it moved. If not: revoke the key and make another.',
  },
  'key-new-country': {
    title: 'A key is used from a new country',
    points: 50,
    lastsMs: 3 * dayMs,
    attack: { technique: 'T1552' },
    response: 'Ask whoever runs the service whether it moved. If not: revoke the key and make another.',
  },
  'not-me': {
    title: 'Somebody says: this sign-in was not me',
    points: 95,
    lastsMs: 7 * dayMs,
    attack: validAccount,
    response:
      'Their other sessions were ended. Look at what the sign-in did, and reset the account unless the person has changed their password.',
  },
} as const satisfies Readonly<Record<string, Signal>>;

export type OwnSignal = keyof typeof ownSignals;

/** What strangers tried: it says nothing of whom they tried it with, and adds to nobody's risk. */
export const strangerSignals = {
  'failed-burst': {
    title: 'Many failed sign-ins for one account from one place',
    attack: guessing,
    level: 'medium',
    response: 'The place is slowed down by itself. Block it at the firewall when it goes on.',
  },
  'password-known': {
    title: 'A stranger knows a password',
    attack: validAccount,
    level: 'high',
    response: 'The second factor held. Have the person choose another password, here and wherever they used the same.',
  },
  targeted: {
    title: 'One account is tried from many places',
    attack: guessing,
    level: 'medium',
    response:
      'Each place is slowed down by itself, and the owner is not locked out. See that the account has a passkey.',
  },
  spraying: {
    title: 'Password spraying',
    attack: { technique: 'T1110', subTechnique: 'T1110.003' },
    level: 'high',
    response: 'The place is slowed down by itself. Block it; look for sign-ins from there that succeeded.',
  },
  stuffing: {
    title: 'Credential stuffing',
    attack: { technique: 'T1110', subTechnique: 'T1110.004' },
    level: 'high',
    response: 'Somebody tries a stolen list from many places. Look for sign-ins that succeeded; ask for passkeys.',
  },
} as const;

export type StrangerSignal = keyof typeof strangerSignals;
