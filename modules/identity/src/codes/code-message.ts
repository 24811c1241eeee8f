/** What somebody is sent. Names who asks, and says what to do when they did not. */
export type CodeMessage = { readonly to: string; readonly subject: string; readonly text: string };

export type CodeKind = 'email' | 'sms';

/** The weak second factor's way out of here. Rejects with why when the message was not taken. */
export type CodeSender = { send(message: CodeMessage, signal: AbortSignal): Promise<void> };

export function codeMessage(input: {
  readonly to: string;
  readonly code: string;
  readonly organization: string | undefined;
  readonly purpose: 'sign-in' | 'address';
}): CodeMessage {
  const { to, code, organization = 'Sallyport', purpose } = input;
  const shown = `${code.slice(0, 4)} ${code.slice(4)}`;
  const first =
    purpose === 'sign-in'
      ? `${shown} is your code to sign in to ${organization}.`
      : `${shown} confirms that codes for ${organization} may be sent here.`;
  const warning =
    purpose === 'sign-in'
      ? 'Nobody will ever ask you for it. If you are not signing in, somebody knows your password: change it, and tell your administrator.'
      : 'Nobody will ever ask you for it. If you did not ask for this, ignore it.';
  return {
    to,
    subject:
      purpose === 'sign-in' ? `Your code to sign in to ${organization}` : `Confirm this address for ${organization}`,
    text: `${first}\nIt is good once and for 10 minutes.\n${warning}`,
  };
}

/** One address and nothing else: no list, no line end, nothing a mail program would take for more. */
export function isAddress(kind: CodeKind, text: string): boolean {
  return kind === 'email'
    ? text.length <= 254 && /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i.test(text)
    : /^\+[1-9]\d{6,14}$/.test(text);
}

/** Enough to know one's own by. */
export function maskedAddress(kind: CodeKind, address: string): string {
  if (kind === 'sms') return `…${address.slice(-3)}`;
  const [name = '', domain = ''] = address.split('@');
  return `${name.slice(0, 1)}…@${domain}`;
}
