import { Button } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import type { Answer } from '../../../api/call.ts';
import { Clock } from '../../../parts/clock.tsx';
import { printable } from '../../../parts/printable.ts';
import { useProviderName } from '../../../parts/provider-name.ts';
import { RiskWords } from '../risk/risk-words.tsx';
import type { Risk } from '../risk/risk-words.tsx';
import { browserWords, waysInWords } from './session-words.ts';

type Session = Answer<'GET /v1/sessions'>['sessions'][number];

/** One session: which browser, whose, how they came in, from where, and since when. */
export function SessionLine({
  session,
  showsOwner,
  risk,
  isEnding,
  onEnd,
}: {
  readonly session: Session;
  readonly showsOwner: boolean;
  /** Undefined where nobody can tell. */
  readonly risk: Risk | undefined;
  readonly isEnding: boolean;
  readonly onEnd: () => void;
}) {
  const nameOf = useProviderName();
  const browser = printable(browserWords(session.agent));
  const name = showsOwner ? `${session.user.name}, ${browser}` : browser;
  return (
    <li>
      <span className="line-main">
        <span className="line-name">
          <span>{name}</span>
          {session.current ? <span className="chip">This one</span> : null}
          {session.browser_key === null ? (
            <span className="chip" title="A copy of its cookie would be good for as long as the session">
              Not bound
            </span>
          ) : (
            <span
              className="chip"
              title={`Bound to a key that this browser cannot give away: ${session.browser_key}. A copy of its cookie is soon good for nothing.`}
            >
              <IconKey aria-hidden="true" /> Bound to the browser
            </span>
          )}
        </span>
        <span className="quiet small">
          With {waysInWords(session.methods, nameOf)} · {session.address} · signed in <Clock at={session.created_at} />{' '}
          · last seen <Clock at={session.last_seen_at} /> · unused it ends <Clock at={session.idle_expires_at} />
        </span>
        {risk === undefined ? null : <RiskWords {...risk} />}
      </span>
      {session.current ? null : (
        <Button size="compact-sm" variant="default" loading={isEnding} aria-label={`End it: ${name}`} onClick={onEnd}>
          End it
        </Button>
      )}
    </li>
  );
}
