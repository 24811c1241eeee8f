import { plural } from '../../parts/numbers.ts';
import type { KeyTone } from '../keys/key-words.ts';
import type { Found, Identifier, SubjectRequest } from './personal-query.ts';

export const presetWords: Readonly<Record<string, string>> = {
  'user-names': 'User names',
  'email-addresses': 'E-mail addresses',
  'phone-numbers': 'Phone numbers',
  'client-addresses': 'Addresses of clients (IP)',
};

export const kindWords: Readonly<Record<Identifier['kind'], string>> = {
  'user-name': 'User name',
  email: 'E-mail address',
  phone: 'Phone number',
  ip: 'IP address',
  custom: 'Another name',
  shared: 'All without a key of their own, of a day (YYYY-MM-DD)',
};

const requestStates: Readonly<
  Record<SubjectRequest['state'], { readonly word: string; readonly tone: KeyTone; readonly text: string }>
> = {
  answered: { word: 'Answered', tone: 'good', text: 'What is held can be downloaded.' },
  waiting: {
    word: 'Waits',
    tone: 'warn',
    text: 'Two people sign the destruction of the keys, and the waiting time runs.',
  },
  cancelled: { word: 'Cancelled', tone: 'quiet', text: 'Nothing was erased.' },
  forgetting: {
    word: 'Being forgotten',
    tone: 'warn',
    text: 'The keys are gone. Search, alerts and others that kept copies are forgetting them.',
  },
  held: { word: 'Held', tone: 'warn', text: 'A legal hold kept a key. Once the hold has ended, ask again.' },
  erased: { word: 'Erased', tone: 'good', text: 'Nothing that was sealed under these names gives them back.' },
};

export function requestWords(request: SubjectRequest): {
  readonly title: string;
  readonly word: string;
  readonly tone: KeyTone;
  readonly text: string;
} {
  const { word, tone, text } = requestStates[request.state];
  const about = request.about === null ? 'a person' : request.about.map(({ value }) => value).join(', ');
  const entries =
    request.forgotten_entries === 0 ? '' : ` ${plural(request.forgotten_entries, 'entry', 'entries')} forgotten.`;
  return {
    title: `${request.kind === 'access' ? 'Access' : 'Erasure'}: ${about}`,
    word,
    tone,
    text: `${text}${entries}`,
  };
}

const subjectStates: Readonly<Record<Found['subjects'][number]['state'], string>> = {
  unknown: 'nothing is sealed under this name',
  sealed: 'sealed under a key of its own',
  forgetting: 'the key is gone; copies are being forgotten',
  erased: 'erased',
};

export function subjectWords({ state, subject_id: id }: Found['subjects'][number]): string {
  return id === null ? 'names nobody' : subjectStates[state];
}

export function foundWords({ entries, complete }: Pick<Found, 'entries' | 'complete'>): string {
  if (entries === 0) return 'No entry names this person in a declared field.';
  const verb = entries === 1 ? 'names' : 'name';
  return `${complete ? '' : 'More than '}${plural(entries, 'entry', 'entries')} ${verb} this person in a declared field.`;
}

/** Whether anything is left that could be erased. */
export function canErase({ subjects }: Pick<Found, 'subjects'>): boolean {
  return subjects.some(({ state }) => state === 'sealed');
}
