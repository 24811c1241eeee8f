import { Button, Checkbox, SegmentedControl, Switch, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import { formatDay } from '../../../parts/day.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { roleName } from '../../../parts/role-name.ts';

type Rule = Answer<'GET /v1/authentication'>['rules'][number];

const query = {
  queryKey: ['authentication'],
  queryFn: ({ signal }: { readonly signal: AbortSignal }) => call('GET /v1/authentication', { signal }),
} as const;
const factorNames = {
  passkey: 'Passkey',
  certificate: 'Smart card',
  totp: 'Authenticator app',
  provider: 'Second factor at the provider',
  code: 'Code by e-mail or SMS (weak)',
} as const;
const choosable = ['totp', 'provider', 'code'] as const;

/** Role by role: how strong, by what, from when. */
export function RoleRules({ canChange }: { readonly canChange: boolean }) {
  const { data, error, refetch } = useQuery(query);
  return (
    <section className="sheet" aria-labelledby="role-rules">
      <div className="sheet-head">
        <h2 id="role-rules">What each role must show</h2>
        <span className="quiet small">whoever has several roles meets them all</span>
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[44, 44, 44]} /> : null}
      {data === undefined ? null : <RuleTable key={JSON.stringify(data)} rules={data.rules} canChange={canChange} />}
    </section>
  );
}

function RuleTable({ rules, canChange }: { readonly rules: readonly Rule[]; readonly canChange: boolean }) {
  const [editing, setEditing] = useState<string>();
  return (
    <ul className="lines">
      {rules.map((rule) => (
        <li key={rule.role}>
          <div className="line-main">
            <span className="line-name">{roleName(rule.role)}</span>
            <span className="quiet small">{ruleWords(rule)}</span>
            {editing === rule.role ? <RuleForm rule={rule} onDone={() => setEditing(undefined)} /> : null}
          </div>
          {canChange && editing !== rule.role ? (
            <Button
              variant="default"
              size="xs"
              aria-label={`Change how ${roleName(rule.role)} signs in`}
              onClick={() => setEditing(rule.role)}
            >
              Change
            </Button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

function ruleWords({
  least_assurance: least,
  factors,
  proves_with_passkey: proves,
  enforced_from: from,
}: Rule): string {
  const what =
    least === 3
      ? 'a passkey or smart card, nothing less'
      : `two factors: ${factors.map((factor) => factorNames[factor].toLowerCase()).join(', ')}`;
  const proof = proves && least === 2 ? ' · whoever has a passkey confirms with it' : '';
  return `${what}${proof}${from === null ? '' : ` · from ${formatDay(from.slice(0, 10))}`}`;
}

function RuleForm({ rule, onDone }: { readonly rule: Rule; readonly onDone: () => void }) {
  const queries = useQueryClient();
  const [wanted, setWanted] = useState(rule);
  const [endsSessions, setEndsSessions] = useState(false);
  const rules = [
    wanted.least_assurance === 3 ? { ...wanted, factors: wanted.factors.filter((one) => one !== 'code') } : wanted,
  ];
  const isChanged = JSON.stringify(wanted) !== JSON.stringify(rule);
  const preview = useQuery({
    queryKey: ['authentication', 'preview', rules],
    queryFn: ({ signal }) => call('POST /v1/authentication/preview', { body: { rules }, signal }),
    enabled: isChanged,
  });
  const save = useMutation({
    mutationFn: () =>
      call('PUT /v1/authentication', {
        body: { rules, end_sessions: endsSessions },
        purpose: `change how ${roleName(rule.role)} signs in`,
      }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: query.queryKey });
      onDone();
    },
  });
  const name = roleName(rule.role);
  const toggle = (factor: (typeof choosable)[number], isOn: boolean): void =>
    setWanted((before) => ({
      ...before,
      factors: isOn ? [...before.factors, factor] : before.factors.filter((one) => one !== factor),
    }));
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <SegmentedControl
        aria-label={`${name}: how strong`}
        value={String(wanted.least_assurance)}
        data={[
          { value: '2', label: 'Two factors' },
          { value: '3', label: 'Passkey required' },
        ]}
        onChange={(value) => setWanted((before) => ({ ...before, least_assurance: value === '3' ? 3 : 2 }))}
      />
      {wanted.least_assurance === 2 ? (
        <fieldset className="plain-fieldset">
          <legend>Besides a passkey, these count</legend>
          <div className="stack tight">
            {choosable
              .filter((factor) => factor !== 'code' || rule.role !== 'admin')
              .map((factor) => (
                <Checkbox
                  key={factor}
                  label={factorNames[factor]}
                  checked={wanted.factors.includes(factor)}
                  onChange={(event) => toggle(factor, event.currentTarget.checked)}
                />
              ))}
            <Switch
              label="Whoever has a passkey confirms dangerous actions with it"
              checked={wanted.proves_with_passkey}
              onChange={(event) => {
                const { checked } = event.currentTarget;
                setWanted((before) => ({ ...before, proves_with_passkey: checked }));
              }}
            />
          </div>
        </fieldset>
      ) : null}
      <TextInput
        type="date"
        label="From"
        description="Empty: from the next sign-in on. Until then people are told when they sign in."
        value={wanted.enforced_from?.slice(0, 10) ?? ''}
        onChange={(event) => {
          const day = event.currentTarget.value;
          setWanted((before) => ({ ...before, enforced_from: day === '' ? null : `${day}T00:00:00.000Z` }));
        }}
      />
      {preview.error === null ? null : <ProblemNotice problem={preview.error} />}
      {preview.data === undefined || !isChanged ? null : <Preview preview={preview.data} />}
      {isChanged && (preview.data?.weaker_sessions ?? 0) > 0 && wanted.enforced_from === null ? (
        <Checkbox
          label="End the open sessions that came in with less, but for this one"
          checked={endsSessions}
          onChange={(event) => setEndsSessions(event.currentTarget.checked)}
        />
      ) : null}
      {save.error === null ? null : <ProblemNotice problem={save.error} />}
      <div className="row">
        <Button type="submit" disabled={!isChanged || preview.data?.locks_out === true} loading={save.isPending}>
          Save
        </Button>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

const mostNamed = 8;

function Preview({ preview }: { readonly preview: Answer<'POST /v1/authentication/preview'> }) {
  const { unmet, weaker_sessions: sessions, locks_out: locksOut } = preview;
  if (locksOut) {
    return (
      <Notice tone="warn" title="No administrator has what you ask for">
        <p>
          Nobody could administer this server without adding it first. Add a passkey to your own account under Settings,
          Account, then save this.
        </p>
      </Notice>
    );
  }
  const names = unmet.slice(0, mostNamed).map(({ name }) => name);
  const rest = unmet.length - names.length;
  return (
    <Notice
      title={
        unmet.length === 0
          ? 'Everybody has what you ask for'
          : `${plural(unmet.length, 'person', 'people')} will be asked for more`
      }
    >
      {unmet.length === 0 ? null : (
        <p>
          {names.join(', ')}
          {rest > 0 ? ` and ${rest} more` : ''}. Nobody is locked out: at the next sign-in they show what they have and
          add what is missing.
        </p>
      )}
      {sessions > 0 ? <p>{plural(sessions, 'open session')} began with less.</p> : null}
    </Notice>
  );
}
