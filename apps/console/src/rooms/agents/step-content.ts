/** What was found in one step of a run, counted; the values are nowhere. */
export type StepNote = { readonly of: 'secret' | 'personal' | 'signal' | 'cut'; readonly words: string };

/** From the fields of an event of an agent. */
export function stepNotes(agent: object, isAnswer: boolean): readonly StepNote[] {
  const count = (name: string): number => {
    const value: unknown = Reflect.get(agent, name);
    return typeof value === 'number' && Number.isFinite(value) ? value : 0;
  };
  const kinds = (name: string): string[] => {
    const value: unknown = Reflect.get(agent, name);
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  };
  const notes: StepNote[] = [];
  const [secrets, personal, redacted, restored] = ['secret_count', 'personal_count', 'redacted', 'restored'].map(count);
  if (secrets !== undefined && secrets > 0)
    notes.push({
      of: 'secret',
      words: `${counted(secrets, 'secret', 'secrets')}${named(kinds('secret_kinds'))}`,
    });
  if (personal !== undefined && personal > 0)
    notes.push({
      of: 'personal',
      words: `${counted(personal, 'piece of personal data', 'pieces of personal data')}${named(kinds('personal_kinds'))}`,
    });
  if (redacted !== undefined && redacted > 0)
    notes.push({
      of: 'secret',
      words: `${redacted} kept back: the agent reads ${redacted === 1 ? 'a token' : 'tokens'}`,
    });
  if (restored !== undefined && restored > 0)
    notes.push({ of: 'secret', words: `${counted(restored, 'token', 'tokens')} put back for this call` });
  const signals = kinds('injection_signals');
  if (signals.length > 0)
    notes.push({
      of: 'signal',
      words: `Words meant for a machine${named(signals)}. Weak evidence, nothing was decided by it`,
    });
  if (Reflect.get(agent, 'content_is_cut') === true)
    notes.push({
      of: 'cut',
      words: isAnswer ? 'It was too long to look at all of it' : 'More went along than was looked at',
    });
  return notes;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

const names: Readonly<Record<string, string>> = {
  jwt: 'JSON Web Token',
  iban: 'bank account',
  'aws-key': 'AWS key',
  'aws-secret': 'AWS secret',
  'ip-address': 'IP address',
  email: 'e-mail',
  url: 'address',
};

function named(kinds: readonly string[]): string {
  if (kinds.length === 0) return '';
  const shown = kinds.slice(0, 4).map((kind) => names[kind] ?? kind.replaceAll('-', ' '));
  return ` (${shown.join(', ')}${kinds.length > 4 ? ' and others' : ''})`;
}
