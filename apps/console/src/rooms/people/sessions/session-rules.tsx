import { Button, NumberInput, SegmentedControl, Switch } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { roleName } from '../../../parts/role-name.ts';
import { spanWords } from './session-words.ts';

type Rules = Answer<'GET /v1/sessions/policy'>;
type Limits = Rules['roles'][number];

const query = {
  queryKey: ['sessions', 'policy'],
  queryFn: ({ signal }: { readonly signal: AbortSignal }) => call('GET /v1/sessions/policy', { signal }),
} as const;

/** How long sessions last, for each role: to read, or to change. */
export function SessionRules({ canChange }: { readonly canChange: boolean }) {
  const { data, error, refetch } = useQuery(query);
  return (
    <section className="sheet" aria-labelledby="session-rules">
      <div className="sheet-head">
        <h2 id="session-rules">How long sessions last</h2>
        <span className="quiet small">of several roles the strictest counts</span>
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[44, 44, 44]} /> : null}
      {data === undefined ? null : canChange ? (
        <RulesForm key={JSON.stringify(data)} rules={data} />
      ) : (
        <>
          <ul className="lines">
            {data.roles.map((limits) => (
              <li key={limits.role}>
                <span className="line-main">
                  <span className="line-name">{roleName(limits.role)}</span>
                  <span className="quiet small">{limitWords(limits)}</span>
                </span>
              </li>
            ))}
          </ul>
          <p className="quiet">An administrator may change it.</p>
        </>
      )}
    </section>
  );
}

function limitWords({
  idle_minutes: idle,
  lifetime_minutes: lifetime,
  max_sessions: most,
  browser_key,
}: Limits): string {
  const bound = browser_key === 'required' ? ' · only bound to a browser' : '';
  return `ends ${spanWords(idle)} unused, ${spanWords(lifetime)} in any case · at most ${plural(most, 'session')}${bound}`;
}

function RulesForm({ rules }: { readonly rules: Rules }) {
  const queries = useQueryClient();
  const [roles, setRoles] = useState<readonly Limits[]>(rules.roles);
  const [whenTooMany, setWhenTooMany] = useState(rules.when_too_many);
  const save = useMutation({
    mutationFn: () => call('PUT /v1/sessions/policy', { body: { roles: [...roles], when_too_many: whenTooMany } }),
    onSuccess: (saved) => {
      queries.setQueryData(query.queryKey, saved);
      void queries.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  const change = (role: string, changes: Partial<Limits>): void =>
    setRoles((before) => before.map((limits) => (limits.role === role ? { ...limits, ...changes } : limits)));
  const isChanged = JSON.stringify([roles, whenTooMany]) !== JSON.stringify([rules.roles, rules.when_too_many]);
  return (
    <form
      className="stack session-rules"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      {roles.map((limits) => (
        <RoleFields
          key={limits.role}
          name={roleName(limits.role)}
          limits={limits}
          onChange={(changes) => change(limits.role, changes)}
        />
      ))}
      <div className="setting">
        <span id="too-many">When somebody signs in once too often</span>
        <SegmentedControl
          aria-labelledby="too-many"
          value={whenTooMany}
          data={[
            { value: 'end-oldest', label: 'End the oldest' },
            { value: 'ask', label: 'Ask them' },
          ]}
          onChange={(value) => setWhenTooMany(value === 'ask' ? 'ask' : 'end-oldest')}
        />
      </div>
      {isChanged ? (
        <Notice title="It holds for open sessions at once">
          <p>Whose session is older than what you allow, or is not bound where it must be, signs in again.</p>
        </Notice>
      ) : null}
      {save.error === null ? null : <ProblemNotice problem={save.error} />}
      <div className="row">
        <Button type="submit" disabled={!isChanged} loading={save.isPending}>
          Save
        </Button>
        {isChanged ? (
          <Button
            variant="default"
            onClick={() => {
              setRoles(rules.roles);
              setWhenTooMany(rules.when_too_many);
              save.reset();
            }}
          >
            As it was
          </Button>
        ) : null}
      </div>
    </form>
  );
}

const minutesAnHour = 60;

function RoleFields({
  name,
  limits,
  onChange,
}: {
  readonly name: string;
  readonly limits: Limits;
  readonly onChange: (changes: Partial<Limits>) => void;
}) {
  const number = (value: string | number, otherwise: number): number =>
    typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
  return (
    <fieldset className="plain-fieldset session-role">
      <legend>{name}</legend>
      <NumberInput
        label="Unused, minutes"
        aria-label={`${name}: minutes unused`}
        min={5}
        max={10_080}
        allowDecimal={false}
        value={limits.idle_minutes}
        onChange={(value) => onChange({ idle_minutes: number(value, limits.idle_minutes) })}
      />
      <NumberInput
        label="In any case, hours"
        aria-label={`${name}: hours in any case`}
        min={0.25}
        max={720}
        step={1}
        decimalScale={2}
        value={limits.lifetime_minutes / minutesAnHour}
        onChange={(value) =>
          onChange({
            lifetime_minutes: Math.round(number(value, limits.lifetime_minutes / minutesAnHour) * minutesAnHour),
          })
        }
      />
      <NumberInput
        label="At once"
        aria-label={`${name}: sessions at once`}
        min={1}
        max={20}
        allowDecimal={false}
        value={limits.max_sessions}
        onChange={(value) => onChange({ max_sessions: number(value, limits.max_sessions) })}
      />
      <Switch
        label="Only bound to a browser"
        aria-label={`${name}: only bound to a browser`}
        checked={limits.browser_key === 'required'}
        onChange={(event) => onChange({ browser_key: event.currentTarget.checked ? 'required' : 'allowed' })}
      />
    </fieldset>
  );
}
