import type { AccessRiskNeeds } from '@sallyport/access-risk';
import type { Notices } from '@sallyport/identity';

type Notice = Omit<Parameters<Notices['post']>[0], 'onTrouble'>;
type Told = Parameters<AccessRiskNeeds['reactions']['tell']>[0];

/**
 * What somebody is written about their own sign-ins. The link leads to this server's own address, as its operator set it up, and to a page behind a sign-in:
 * it holds nothing but the number of a record. Whoever reads the mail can answer nothing without the account.
 */
export function signInNotice({ userId, about, signIn = '', words }: Told, origin: string | undefined): Notice {
  const isEnded = about === 'session-ended';
  const said = words.map((one) => `- ${oneLine(one)}`).join('\n');
  const page = `/settings?tab=account${/^\d{1,9}-\d{1,15}$/.test(signIn) ? `&sign-in=${signIn}` : ''}`;
  const where =
    origin === undefined ? 'In the console, under Settings, Account, “Recent sign-ins”' : `At ${origin}${page}`;
  return {
    userId,
    key: `${about} ${userId} ${signIn} ${isEnded ? words.join(' ') : ''}`,
    subject: isEnded ? 'A session of yours was ended' : 'Was this sign-in you?',
    text: (organization) =>
      [
        isEnded
          ? `A session of yours at ${organization} looked as if it were in two hands, and was ended:`
          : `Somebody signed in to ${organization} as you, and it is unlike you:`,
        '',
        said,
        '',
        `${where} you can say “This was me” or “This was not me”. If it was not you, say so there, from a browser you use as ever: your other sessions end and you choose another password.`,
        'If you cannot sign in, tell your administrator by telephone.',
        '',
        'Nobody will ask you for a code or a password because of this message. If you would rather not follow a link, open the console as you always do.',
      ].join('\n'),
  };
}

/** Words may quote what a browser calls itself: none of it begins a line of its own or looks like a link. */
function oneLine(text: string): string {
  return (
    text
      .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
      // A space in its place: what is taken out entirely may make another of what stood around it.
      .replaceAll(/:\/\/|(?<=www)\./gi, ' ')
      .slice(0, 300)
  );
}
