import { Button, Checkbox, Select, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import { formatDay } from '../../../parts/day.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { roleName } from '../../../parts/role-name.ts';

type State = Answer<'GET /v1/authentication/passkeys'>;
type Policy = State['policy'];

const query = {
  queryKey: ['authentication', 'passkeys'],
  queryFn: ({ signal }: { readonly signal: AbortSignal }) => call('GET /v1/authentication/passkeys', { signal }),
} as const;
const levels = [
  { value: 'none', label: 'Any, certified or not' },
  { value: 'L1', label: 'FIDO level 1 or better' },
  { value: 'L1plus', label: 'FIDO level 1+ or better' },
  { value: 'L2', label: 'FIDO level 2 or better' },
  { value: 'L2plus', label: 'FIDO level 2+ or better' },
  { value: 'L3', label: 'FIDO level 3 or better' },
  { value: 'L3plus', label: 'FIDO level 3+' },
] as const;

/** Which passkeys and security keys may be added and used. */
export function PasskeyPolicy({ canChange }: { readonly canChange: boolean }) {
  const { data, error, refetch } = useQuery(query);
  const [isEditing, setEditing] = useState(false);
  return (
    <section className="sheet" aria-labelledby="passkey-policy">
      <div className="sheet-head">
        <h2 id="passkey-policy">Passkeys and security keys</h2>
        <span className="quiet small">the person is always verified, by fingerprint or PIN</span>
        {canChange && data !== undefined && !isEditing ? (
          <Button
            size="compact-sm"
            variant="default"
            aria-label="Change which passkeys are accepted"
            onClick={() => setEditing(true)}
          >
            Change
          </Button>
        ) : null}
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[44, 44]} /> : null}
      {data === undefined ? null : (
        <div className="stack">
          {isEditing ? (
            <PolicyForm state={data} onDone={() => setEditing(false)} />
          ) : (
            <ul>
              {policyWords(data.policy).map((words) => (
                <li key={words}>{words}</li>
              ))}
            </ul>
          )}
          <Metadata metadata={data.metadata} />
        </div>
      )}
    </section>
  );
}

function policyWords({
  attestation,
  allowed,
  denied,
  least_certification: least,
  hardware_bound_roles: bound,
}: Policy) {
  const level = levels.find(({ value }) => value === least)?.label ?? least;
  return [
    attestation === 'direct' ? 'Only authenticators that prove their make.' : 'Any make; none is asked to prove it.',
    ...(least === 'none' ? [] : [`Certified: ${level}.`]),
    ...(allowed.length === 0 ? [] : [`Only ${plural(allowed.length, 'named make')}.`]),
    ...(denied.length === 0 ? [] : [`Never ${plural(denied.length, 'named make')}.`]),
    ...(bound.length === 0 ? [] : [`No synced passkeys for ${bound.map((role) => roleName(role)).join(', ')}.`]),
  ];
}

function Metadata({ metadata }: { readonly metadata: State['metadata'] }) {
  if (metadata === null) {
    return (
      <p className="quiet">
        No FIDO metadata yet: makes cannot be proved, and compromised ones are not known. Download the file from
        mds3.fidoalliance.org on any machine and run on this server:{' '}
        <code>./sallyport passkeys import-metadata blob.jwt</code>
      </p>
    );
  }
  const { no, models, compromised, next_update: next, stale } = metadata;
  const words = `FIDO metadata number ${no}: ${plural(models, 'make')}, ${compromised} of them compromised and refused.`;
  return stale ? (
    <Notice tone="warn" title="The FIDO metadata is out of date">
      <p>
        {words} The next was due on {formatDay(next)}: makes that were compromised since are not known. Import it with{' '}
        <code>./sallyport passkeys import-metadata blob.jwt</code>.
      </p>
    </Notice>
  ) : (
    <p className="quiet">
      {words} The next is due on {formatDay(next)}.
    </p>
  );
}

function PolicyForm({ state, onDone }: { readonly state: State; readonly onDone: () => void }) {
  const queries = useQueryClient();
  const [wanted, setWanted] = useState(state.policy);
  const roles = useQuery({
    queryKey: ['authentication'],
    queryFn: ({ signal }) => call('GET /v1/authentication', { signal }),
  });
  const isChanged = JSON.stringify(wanted) !== JSON.stringify(state.policy);
  const preview = useQuery({
    queryKey: [...query.queryKey, 'preview', wanted],
    queryFn: ({ signal }) => call('POST /v1/authentication/passkeys/preview', { body: wanted, signal }),
    enabled: isChanged,
    retry: false,
  });
  const save = useMutation({
    mutationFn: () =>
      call('PUT /v1/authentication/passkeys', { body: wanted, purpose: 'change which passkeys are accepted' }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: query.queryKey });
      onDone();
    },
  });
  const change = (part: Partial<Policy>): void => setWanted((before) => ({ ...before, ...part }));
  const isDirect = wanted.attestation === 'direct';
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Checkbox
        label="Only authenticators that prove their make"
        description={
          state.metadata === null ? 'Needs FIDO metadata, see below.' : 'Synced passkeys of phones mostly cannot.'
        }
        checked={isDirect}
        disabled={state.metadata === null && !isDirect}
        onChange={(event) =>
          change(
            event.currentTarget.checked
              ? { attestation: 'direct' }
              : { attestation: 'none', allowed: [], least_certification: 'none' },
          )
        }
      />
      {isDirect ? (
        <>
          <Select
            label="Certification"
            data={[...levels]}
            value={wanted.least_certification}
            allowDeselect={false}
            onChange={(value) =>
              change({ least_certification: levels.find((level) => level.value === value)?.value ?? 'none' })
            }
          />
          <Aaguids
            label="Only these makes"
            description="AAGUIDs, one a line. Empty: all that are not refused."
            value={wanted.allowed}
            onChange={(allowed) => change({ allowed })}
          />
        </>
      ) : null}
      <Aaguids
        label="Never these makes"
        description="AAGUIDs, one a line."
        value={wanted.denied}
        onChange={(denied) => change({ denied })}
      />
      <fieldset className="plain-fieldset">
        <legend>No synced passkeys, only ones bound to hardware, for</legend>
        <div className="stack tight">
          {(roles.data?.rules ?? []).map(({ role }) => (
            <Checkbox
              key={role}
              label={roleName(role)}
              checked={wanted.hardware_bound_roles.includes(role)}
              onChange={(event) => {
                const others = wanted.hardware_bound_roles.filter((one) => one !== role);
                change({ hardware_bound_roles: event.currentTarget.checked ? [...others, role] : others });
              }}
            />
          ))}
        </div>
      </fieldset>
      {preview.error === null ? null : <ProblemNotice problem={preview.error} />}
      {preview.data === undefined || !isChanged ? null : <Preview preview={preview.data} />}
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

function Aaguids({
  label,
  description,
  value,
  onChange,
}: {
  readonly label: string;
  readonly description: string;
  readonly value: readonly string[];
  readonly onChange: (value: string[]) => void;
}) {
  const [text, setText] = useState(value.join('\n'));
  return (
    <Textarea
      label={label}
      description={description}
      autosize
      minRows={1}
      value={text}
      spellCheck={false}
      onChange={(event) => {
        setText(event.currentTarget.value);
        const words = event.currentTarget.value.toLowerCase().split(/[\s,]+/u);
        onChange([...new Set(words.filter((word) => word !== ''))]);
      }}
    />
  );
}

const mostNamed = 8;

function Preview({ preview }: { readonly preview: Answer<'POST /v1/authentication/passkeys/preview'> }) {
  const { passkeys, refused, without_factor: without, locks_out: locksOut } = preview;
  const named = [...new Set(refused.map(({ name }) => name))];
  const rest = named.length - mostNamed;
  return (
    <Notice
      tone={locksOut ? 'warn' : 'plain'}
      title={
        locksOut
          ? 'No administrator would have a factor that is accepted'
          : passkeys === 0
            ? 'Nobody has a passkey yet'
            : refused.length === 0
              ? `All ${plural(passkeys, 'passkey')} stay good`
              : `${refused.length} of ${plural(passkeys, 'passkey')} would be refused`
      }
    >
      {refused.length === 0 ? null : (
        <p>
          Of {named.slice(0, mostNamed).join(', ')}
          {rest > 0 ? ` and ${rest} more` : ''}.
        </p>
      )}
      {without.length === 0 ? null : (
        <p>
          {without
            .map(({ name }) => name)
            .slice(0, mostNamed)
            .join(', ')}
          : no other factor. They need a recovery code or a reset.
        </p>
      )}
      {locksOut ? (
        <p>Add a factor that is accepted first. The operator of the machine can set it nevertheless.</p>
      ) : null}
    </Notice>
  );
}
