import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { accountQuery } from '../../../api/queries.ts';
import type { Me } from '../../../api/queries.ts';
import { useSignOut } from '../../../app/use-sign-out.ts';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { useProviderName } from '../../../parts/provider-name.ts';
import { waysInWords } from '../../people/sessions/session-words.ts';
import { Sessions } from '../../people/sessions/sessions.tsx';
import { hearsOfApprovals } from '../../agents/approvals/approvals-query.ts';
import { OwnAddresses } from './own-addresses.tsx';
import { OwnAgentNotices } from './own-agent-notices.tsx';
import { OwnCodes } from './own-codes.tsx';
import { OwnFactors } from './own-factors.tsx';
import { OwnLinks } from './own-links.tsx';
import { OwnPassword } from './own-password.tsx';
import { OwnSignIns } from './own-sign-ins.tsx';

/** One's own way in: password, second factors, recovery codes, and where it is open now. */
export function Account({ me }: { readonly me: Me }) {
  const account = useQuery(accountQuery);
  const signOut = useSignOut();
  const nameOf = useProviderName();
  return (
    <>
      <section className="sheet" aria-labelledby="you">
        <h2 id="you">You</h2>
        <div className="row spread">
          <span>
            Signed in as <strong>{me.user.name}</strong>{' '}
            <span className="quiet">with {waysInWords(me.session.methods, nameOf)}</span>
          </span>
          <Button variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()}>
            Sign out
          </Button>
        </div>
      </section>
      {account.error === null ? null : <ProblemNotice problem={account.error} retry={() => void account.refetch()} />}
      {account.data === undefined && account.error === null ? <Loading heights={[120, 160, 96]} /> : null}
      {account.data === undefined ? null : (
        <>
          <OwnSignIns me={me} />
          <OwnPassword changedAt={account.data.password_changed_at} name={me.user.name} />
          <OwnFactors factors={account.data.factors} />
          <OwnCodes left={account.data.recovery_codes_left} />
          <OwnAddresses />
          {hearsOfApprovals(me) ? <OwnAgentNotices /> : null}
          <OwnLinks />
        </>
      )}
      <section className="stack" aria-labelledby="own-sessions">
        <h2 id="own-sessions">Where you are signed in</h2>
        <Sessions whose="own" />
      </section>
    </>
  );
}
