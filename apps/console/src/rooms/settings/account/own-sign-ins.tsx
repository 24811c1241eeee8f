import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import { sessionQuery } from '../../../api/queries.ts';
import type { Me } from '../../../api/queries.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { SignInList, signInPlace } from '../../people/risk/sign-in-list.tsx';
import type { SignIn } from '../../people/risk/sign-in-list.tsx';

const queryKey = ['own-sign-ins'];

/** Where one signed in lately, and the question nobody else can answer: was that you? */
export function OwnSignIns({ me }: { readonly me: Me }) {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: ({ signal }) => call('GET /v1/account/sign-ins', { signal }),
  });
  const answer = useMutation({
    mutationFn: ({ signIn, says }: { readonly signIn: SignIn; readonly says: 'me' | 'not-me' }) =>
      call('POST /v1/account/sign-ins/{id}/answer', {
        params: { id: signIn.id },
        body: { answer: says },
        purpose: says === 'me' ? 'say that this was you' : 'end your other sessions',
      }),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey }),
        queries.invalidateQueries({ queryKey: ['sessions'] }),
        queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
      ]),
  });
  const isCurrent = ({ session }: SignIn): boolean => session === me.session.id;
  return (
    <section className="sheet" aria-labelledby="own-sign-ins">
      <h2 id="own-sign-ins">Recent sign-ins</h2>
      {data?.must_change_password === true ? (
        <Notice tone="warn" title="Choose another password">
          <p>You said that a sign-in was not you. Until you have changed your password you can do nothing else here.</p>
        </Notice>
      ) : null}
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {answer.error === null ? null : <ProblemNotice problem={answer.error} />}
      {data === undefined && error === null ? <Loading heights={[48, 48]} /> : null}
      {data?.sign_ins.length === 0 ? <p className="quiet">None is known yet.</p> : null}
      {data === undefined ? null : (
        <SignInList
          isOwn
          signIns={data.sign_ins}
          isCurrent={isCurrent}
          action={(signIn) =>
            isCurrent(signIn) || signIn.answer !== null ? null : (
              <span className="row">
                {signIn.words.length === 0 ? null : (
                  <Button
                    size="compact-sm"
                    variant="default"
                    disabled={answer.isPending}
                    aria-label={`This was me: ${signInPlace(signIn)}`}
                    onClick={() => answer.mutate({ signIn, says: 'me' })}
                  >
                    This was me
                  </Button>
                )}
                <Button
                  size="compact-sm"
                  variant="default"
                  disabled={answer.isPending}
                  aria-label={`This was not me: ${signInPlace(signIn)}`}
                  onClick={() => answer.mutate({ signIn, says: 'not-me' })}
                >
                  Not me
                </Button>
              </span>
            )
          }
        />
      )}
      <p className="quiet small">
        “Not me” ends all your other sessions, raises an alert, and has you choose another password.
      </p>
    </section>
  );
}
