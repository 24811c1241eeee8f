import { Button, NumberInput, PasswordInput, Select, Switch, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';

type Settings = Answer<'GET /v1/authentication/codes'>;
const query = {
  queryKey: ['authentication', 'codes'],
  queryFn: ({ signal }: { readonly signal: AbortSignal }) => call('GET /v1/authentication/codes', { signal }),
} as const;

/** The weak factor: how codes leave, off until somebody sets it up. */
export function CodeSettings({ canChange }: { readonly canChange: boolean }) {
  const { data, error, refetch } = useQuery(query);
  return (
    <section className="sheet" aria-labelledby="code-settings">
      <div className="sheet-head">
        <h2 id="code-settings">Codes by e-mail and SMS</h2>
        <span className="quiet small">weak: only for roles that allow them, never for administrators</span>
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[44, 44]} /> : null}
      {data === undefined ? null : canChange ? (
        <>
          <EmailForm key={`email ${JSON.stringify(data.email)}`} email={data.email} />
          <SmsForm key={`sms ${JSON.stringify(data.sms)}`} sms={data.sms} />
        </>
      ) : (
        <p>
          E-mail: {data.email?.enabled === true ? `through ${data.email.host}` : 'off'}. SMS:{' '}
          {data.sms?.enabled === true ? 'on' : 'off'}.
        </p>
      )}
    </section>
  );
}

function EmailForm({ email }: { readonly email: Settings['email'] }) {
  const queries = useQueryClient();
  const [enabled, setEnabled] = useState(email?.enabled ?? false);
  const [host, setHost] = useState(email?.host ?? '');
  const [port, setPort] = useState(email?.port ?? 587);
  const [tls, setTls] = useState(email?.tls ?? 'starttls');
  const [from, setFrom] = useState(email?.from ?? '');
  const [user, setUser] = useState(email?.user ?? '');
  const [password, setPassword] = useState('');
  const save = useMutation({
    mutationFn: () =>
      call('PUT /v1/authentication/codes/email', {
        body: {
          enabled,
          host: host.trim(),
          port,
          tls: tls === 'implicit' || tls === 'none' ? tls : 'starttls',
          from: from.trim(),
          ...(user === '' ? {} : { user }),
          ...(password === '' ? {} : { password }),
          ...(email?.authority === null || email?.authority === undefined ? {} : { authority: email.authority }),
        },
        purpose: 'change how codes are sent',
      }),
    onSuccess: (saved) => queries.setQueryData(query.queryKey, saved),
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Switch label="Codes by e-mail" checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} />
      <div className="row fields">
        <TextInput label="Mail server" value={host} required onChange={(event) => setHost(event.currentTarget.value)} />
        <NumberInput
          label="Port"
          min={1}
          max={65_535}
          allowDecimal={false}
          value={port}
          onChange={(value) => setPort(typeof value === 'number' ? value : 587)}
        />
        <Select
          label="Encryption"
          allowDeselect={false}
          value={tls}
          data={[
            { value: 'starttls', label: 'STARTTLS' },
            { value: 'implicit', label: 'TLS from the start' },
            { value: 'none', label: 'None (this machine only)' },
          ]}
          onChange={(value) => setTls(value ?? 'starttls')}
        />
        <TextInput
          label="From"
          type="email"
          required
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          label="User"
          autoComplete="off"
          value={user}
          onChange={(event) => setUser(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="new-password"
          placeholder={email?.has_password === true ? 'kept as it is' : ''}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
      </div>
      {save.error === null ? null : <ProblemNotice problem={save.error} />}
      <div className="row">
        <Button type="submit" loading={save.isPending}>
          Save e-mail
        </Button>
      </div>
      {email === null ? null : <Test kind="email" />}
    </form>
  );
}

function SmsForm({ sms }: { readonly sms: Settings['sms'] }) {
  const queries = useQueryClient();
  const [enabled, setEnabled] = useState(sms?.enabled ?? false);
  const [url, setUrl] = useState(sms?.url ?? '');
  const [token, setToken] = useState('');
  const save = useMutation({
    mutationFn: () =>
      call('PUT /v1/authentication/codes/sms', {
        body: { enabled, url: url.trim(), ...(token === '' ? {} : { token }) },
        purpose: 'change how codes are sent',
      }),
    onSuccess: (saved) => queries.setQueryData(query.queryKey, saved),
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Switch label="Codes by SMS" checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} />
      <div className="row fields">
        <TextInput
          label="Gateway"
          description={'Takes {"to", "text"} over HTTPS'}
          required
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <PasswordInput
          label="Token"
          description="Sent as bearer token"
          autoComplete="new-password"
          placeholder={sms?.has_token === true ? 'kept as it is' : ''}
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
      </div>
      {save.error === null ? null : <ProblemNotice problem={save.error} />}
      <div className="row">
        <Button type="submit" loading={save.isPending}>
          Save SMS
        </Button>
      </div>
      {sms === null ? null : <Test kind="sms" />}
    </form>
  );
}

function Test({ kind }: { readonly kind: 'email' | 'sms' }) {
  const [to, setTo] = useState('');
  const send = useMutation({
    mutationFn: () =>
      call('POST /v1/authentication/codes/test', { body: { kind, to: to.trim() }, purpose: 'send a test' }),
  });
  return (
    <div className="stack tight">
      <div className="row form-row">
        <TextInput
          label={kind === 'email' ? 'Address for a test' : 'Number for a test'}
          placeholder={kind === 'email' ? 'you@example.org' : '+41791234567'}
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
          // It stands in the form of the settings, which Enter would save.
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            if (to.trim() !== '' && !send.isPending) send.mutate();
          }}
        />
        <Button variant="default" loading={send.isPending} disabled={to.trim() === ''} onClick={() => send.mutate()}>
          Send a test
        </Button>
      </div>
      {send.error === null ? null : <ProblemNotice problem={send.error} />}
      {send.isSuccess ? (
        <Notice tone="good" title="It was taken">
          <p>Look whether it arrives.</p>
        </Notice>
      ) : null}
    </div>
  );
}
