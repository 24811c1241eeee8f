import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { RoomHead } from '../../parts/room-head.tsx';

type Asked = Answer<'GET /v1/device-logins/{code}'>;

/** Where somebody lets a program act as them, by the code it shows (RFC 8628), and sees which programs they let in. */
export function DeviceRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const code = get('code') ?? '';
  const [done, setDone] = useState<'approved' | 'denied'>();
  return (
    <div className="room-inner narrow">
      <RoomHead
        title="Device sign-in"
        lead="A program without a browser, such as the command line, shows a code. Confirm it here and the program acts as you for up to 12 hours."
      />
      {done === undefined ? null : (
        <Notice
          tone={done === 'approved' ? 'good' : 'plain'}
          title={done === 'approved' ? 'The program is let in. You can go back to it.' : 'The program was not let in.'}
        />
      )}
      {code === '' ? (
        <CodeForm
          onCode={(typed) => {
            setDone(undefined);
            change({ code: typed });
          }}
        />
      ) : (
        <Question
          key={code}
          code={code}
          me={me}
          onDone={(answer) => {
            setDone(answer);
            change({ code: undefined }, { replace: true });
          }}
          onOther={() => change({ code: undefined }, { replace: true })}
        />
      )}
      <LetIn />
    </div>
  );
}

function CodeForm({ onCode }: { readonly onCode: (code: string) => void }) {
  const [typed, setTyped] = useState('');
  return (
    <section className="sheet" aria-labelledby="device-code">
      <h2 id="device-code">Enter the code</h2>
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          onCode(typed.trim().toUpperCase());
        }}
      >
        <TextInput
          label="Code that the program shows"
          placeholder="ABCD-EFGH"
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={20}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button type="submit" disabled={typed.trim() === ''}>
          Continue
        </Button>
      </form>
    </section>
  );
}

function Question({
  code,
  me,
  onDone,
  onOther,
}: {
  readonly code: string;
  readonly me: Me;
  readonly onDone: (answer: 'approved' | 'denied') => void;
  readonly onOther: () => void;
}) {
  const queries = useQueryClient();
  const { data, error } = useQuery({
    queryKey: ['device-login', code],
    queryFn: ({ signal }) => call('GET /v1/device-logins/{code}', { params: { code }, signal }),
    retry: false,
    staleTime: Infinity,
  });
  const approve = useMutation({
    mutationFn: () =>
      call('POST /v1/device-logins/{code}/approve', {
        params: { code },
        body: {},
        purpose: 'let a program act as you',
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['token-logins'] });
      onDone('approved');
    },
  });
  const deny = useMutation({
    mutationFn: () => call('POST /v1/device-logins/{code}/deny', { params: { code } }),
    onSuccess: () => onDone('denied'),
  });
  const problem = error ?? approve.error ?? deny.error;
  return (
    <section className="sheet" aria-labelledby="device-question">
      <h2 id="device-question">Let this program act as {me.user.name}?</h2>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {data === undefined && error === null ? <Loading heights={[44, 120]} /> : null}
      {data === undefined ? null : <AskedFacts asked={data} code={code} />}
      <div className="row">
        {data === undefined ? null : (
          <>
            <Button loading={approve.isPending} onClick={() => approve.mutate()}>
              Let it in
            </Button>
            <Button variant="default" loading={deny.isPending} onClick={() => deny.mutate()}>
              Do not let it in
            </Button>
          </>
        )}
        <Button variant="subtle" onClick={onOther}>
          Another code
        </Button>
      </div>
    </section>
  );
}

function AskedFacts({ asked, code }: { readonly asked: Asked; readonly code: string }) {
  return (
    <div className="stack">
      <Notice tone="warn" title="Only if you started it yourself, just now">
        <p>
          It must show the code <strong className="device-code">{code}</strong> on your own screen. Nobody from support,
          and no message, has a reason to send you here: whoever did would act as you.
        </p>
      </Notice>
      {asked.isHere ? null : (
        <Notice tone="warn" title={`It asks from another address than yours: ${asked.address}`}>
          <p>That is right when the program runs on another machine, such as a server you are signed in to.</p>
        </Notice>
      )}
      <dl className="facts">
        <div>
          <dt>Program</dt>
          <dd>
            {asked.client}
            {asked.agent === '' ? null : <span className="quiet small"> says it is “{printable(asked.agent)}”</span>}
          </dd>
        </div>
        <div>
          <dt>Asks from</dt>
          <dd>{asked.address}</dd>
        </div>
        <div>
          <dt>It may then</dt>
          <dd>{asked.scopes.length === 0 ? 'nothing' : asked.scopes.join(', ')}</dd>
        </div>
        {asked.beyond.length === 0 ? null : (
          <div>
            <dt>It does not get</dt>
            <dd>{asked.beyond.join(', ')}: you may not do that yourself</dd>
          </div>
        )}
        <div>
          <dt>The code is good until</dt>
          <dd>
            <Clock at={asked.expiresAtMs} />
          </dd>
        </div>
      </dl>
    </div>
  );
}

/** Programs that act as whoever looks. */
function LetIn() {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['token-logins'],
    queryFn: ({ signal }) => call('GET /v1/token-logins', { signal }),
  });
  const end = useMutation({
    mutationFn: (id: string) => call('DELETE /v1/token-logins/{id}', { params: { id } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['token-logins'] }),
  });
  return (
    <section className="sheet" aria-labelledby="let-in">
      <div className="sheet-head">
        <h2 id="let-in">Programs that act as you</h2>
        {data === undefined ? null : <span className="quiet small">{data.logins.length}</span>}
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {end.error === null ? null : <ProblemNotice problem={end.error} />}
      {data?.logins.length === 0 ? (
        <p className="quiet">
          None. <code>sallyport login</code> signs the command line in; it ends after 12 hours, when you change your
          password, or here.
        </p>
      ) : null}
      <ul className="lines">
        {(data?.logins ?? []).map(({ id, client, address, scopes, createdAtMs, expiresAtMs, lastUsedAtMs }) => (
          <li key={id}>
            <span className="line-main">
              <span className="line-name">{client}</span>
              <span className="quiet small">
                {address} · may {scopes === undefined ? 'do all that you may' : plural(scopes.length, 'thing')} · let in{' '}
                <Clock at={createdAtMs} /> ·{' '}
                {lastUsedAtMs === undefined ? (
                  'not used yet'
                ) : (
                  <>
                    last used <Clock at={lastUsedAtMs} />
                  </>
                )}{' '}
                · ends <Clock at={expiresAtMs} />
              </span>
            </span>
            <Button
              size="compact-sm"
              variant="default"
              loading={end.isPending && end.variables === id}
              aria-label={`End it: ${client}, ${address}`}
              onClick={() => end.mutate(id)}
            >
              End it
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
