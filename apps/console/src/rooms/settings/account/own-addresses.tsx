import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';

const queryKey = ['own-addresses'];
const names: Readonly<Record<string, string>> = { email: 'E-mail', sms: 'SMS' };

/** Where codes and messages about one's own account may be sent. Nothing where there is no way to send any. */
export function OwnAddresses() {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: ({ signal }) => call('GET /v1/account/addresses', { signal }),
  });
  const [asked, setAsked] = useState<{ readonly id: string; readonly address: string }>();
  const [done, setDone] = useState('');
  const remove = useMutation({
    mutationFn: (id: string) =>
      call('DELETE /v1/account/addresses/{id}', { params: { id }, purpose: 'take an address of yours away' }),
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined || (data.kinds.length === 0 && data.addresses.length === 0)) return null;
  return (
    <section className="sheet stack tight" aria-labelledby="own-addresses">
      <h2 id="own-addresses">Where we may write to you</h2>
      <p className="quiet small">
        About sign-ins that are unlike you and, where your roles allow it, codes to sign in. Such codes are weak: keep a
        passkey or an app.
      </p>
      {data.addresses.length === 0 ? <p className="quiet">Nowhere yet.</p> : null}
      <ul className="lines">
        {data.addresses.map(({ id, kind, address }) => (
          <li key={id} className="row spread">
            <span>
              <span className="chip">{names[kind] ?? kind}</span>{' '}
              <span className="wrap-anywhere">{printable(address)}</span>
            </span>
            <Button
              size="compact-sm"
              variant="default"
              loading={remove.isPending && remove.variables === id}
              aria-label={`Remove ${printable(address)}`}
              onClick={() => remove.mutate(id)}
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
      {remove.error === null ? null : <ProblemNotice problem={remove.error} />}
      {done === '' ? null : <Notice tone="good" title={`${printable(done)} was added`} />}
      {asked === undefined ? (
        data.kinds.length === 0 ? null : (
          <AddAddress
            kinds={data.kinds}
            onSent={(sent) => {
              setDone('');
              setAsked(sent);
            }}
          />
        )
      ) : (
        <Confirm
          {...asked}
          onDone={(isAdded) => {
            if (isAdded) setDone(asked.address);
            setAsked(undefined);
            void queries.invalidateQueries({ queryKey });
          }}
        />
      )}
    </section>
  );
}

function AddAddress({
  kinds,
  onSent,
}: {
  readonly kinds: readonly string[];
  readonly onSent: (sent: { readonly id: string; readonly address: string }) => void;
}) {
  const [kind, setKind] = useState(kinds[0] ?? 'email');
  const [address, setAddress] = useState('');
  const send = useMutation({
    mutationFn: () =>
      call('POST /v1/account/addresses', {
        body: { kind: kind === 'sms' ? 'sms' : 'email', address: address.trim() },
        purpose: 'add an address of yours',
      }),
    onSuccess: ({ id }) => onSent({ id, address: address.trim() }),
  });
  return (
    <form
      className="row form-row"
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate();
      }}
    >
      {kinds.length < 2 ? null : (
        <NativeSelect
          label="By"
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value)}
          data={kinds.map((one) => ({ value: one, label: names[one] ?? one }))}
        />
      )}
      <TextInput
        className="grow"
        label={kind === 'sms' ? 'Telephone number' : 'E-mail address'}
        type={kind === 'sms' ? 'tel' : 'email'}
        placeholder={kind === 'sms' ? '+41791234567' : 'you@example.org'}
        autoComplete={kind === 'sms' ? 'tel' : 'email'}
        maxLength={254}
        required
        withAsterisk={false}
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" loading={send.isPending} disabled={address.trim() === ''}>
        Send a code there
      </Button>
      {send.error === null ? null : <ProblemNotice problem={send.error} />}
    </form>
  );
}

function Confirm({
  id,
  address,
  onDone,
}: {
  readonly id: string;
  readonly address: string;
  readonly onDone: (isAdded: boolean) => void;
}) {
  const [code, setCode] = useState('');
  const confirm = useMutation({
    mutationFn: () =>
      call('POST /v1/account/addresses/{id}/confirm', {
        params: { id },
        body: { code },
        purpose: 'add an address of yours',
      }),
    onSuccess: () => onDone(true),
  });
  return (
    <form
      className="stack tight"
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      <p>
        We sent eight digits to <strong className="wrap-anywhere">{printable(address)}</strong>. They are good for ten
        minutes.
      </p>
      <TextInput
        label="The code"
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={9}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      {confirm.error === null ? null : <ProblemNotice problem={confirm.error} />}
      <div className="row">
        <Button type="submit" loading={confirm.isPending} disabled={code.replaceAll(/\D/g, '').length !== 8}>
          Add it
        </Button>
        <Button variant="default" onClick={() => onDone(false)}>
          Not now
        </Button>
      </div>
    </form>
  );
}
