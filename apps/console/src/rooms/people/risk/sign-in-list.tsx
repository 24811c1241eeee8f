import type { ReactNode } from 'react';
import type { Answer } from '../../../api/call.ts';
import { Clock } from '../../../parts/clock.tsx';
import { printable } from '../../../parts/printable.ts';
import { useProviderName } from '../../../parts/provider-name.ts';
import { waysInWords } from '../sessions/session-words.ts';

export type SignIn = Answer<'GET /v1/account/sign-ins'>['sign_ins'][number];

/** `Pune, India`, else the address alone. */
export function signInPlace({ city, country_name: country, address }: SignIn): string {
  if (country === null) return address;
  return `${city === null ? '' : `${city}, `}${country} (${address})`;
}

const answerWords = {
  me: { own: 'You, as you said', other: 'Them, they say' },
  'not-me': { own: 'Not you, as you said', other: 'Not them, they say' },
} as const;

/** Sign-ins, newest first: from where, with what, and what was odd about each. */
export function SignInList({
  signIns,
  isOwn = false,
  isCurrent,
  action,
}: {
  readonly signIns: readonly SignIn[];
  /** Of whoever looks. */
  readonly isOwn?: boolean;
  readonly isCurrent?: (signIn: SignIn) => boolean;
  readonly action?: (signIn: SignIn) => ReactNode;
}) {
  const nameOf = useProviderName();
  return (
    <ul className="lines sign-ins">
      {signIns.map((signIn) => (
        <li key={signIn.id} data-odd={signIn.risk >= 25 || signIn.ended !== null}>
          <span className="line-main">
            <span className="line-name">
              <span>{printable(signInPlace(signIn))}</span>
              {isCurrent?.(signIn) === true ? <span className="chip">This session</span> : null}
              {signIn.answer === null ? null : (
                <span className="chip">{answerWords[signIn.answer][isOwn ? 'own' : 'other']}</span>
              )}
            </span>
            <span className="quiet small">
              <Clock at={signIn.at} /> · {printable(signIn.browser)} · with {waysInWords(signIn.methods, nameOf)}
            </span>
            {signIn.words.length === 0 ? null : (
              <span className="small">{printable(`${signIn.words.join('. ')}.`)}</span>
            )}
            {signIn.ended === null ? null : (
              <strong className="small">Its session was ended: {printable(signIn.ended)}.</strong>
            )}
          </span>
          {action?.(signIn)}
        </li>
      ))}
    </ul>
  );
}
