import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { actionWords } from '../../../parts/action-words.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { roleName } from '../../../parts/role-name.ts';
import { privilegeRulesQuery, privilegesKey } from './privileges-query.ts';
import { span } from './request-words.ts';
import { RoleRuleForm, type RoleRule } from './role-rule-form.tsx';
import { SeparationForm, type SeparationRule } from './separation-form.tsx';

type Editing =
  | { readonly kind: 'role'; readonly rule: RoleRule }
  | { readonly kind: 'separation'; readonly rule: SeparationRule | undefined };

/** Who may ask for what, and what nobody may hold together. */
export function PrivilegeRules({ canChange }: { readonly canChange: boolean }) {
  const queries = useQueryClient();
  const { data, error } = useQuery(privilegeRulesQuery);
  const violations = useQuery({
    queryKey: [...privilegesKey, 'violations'],
    queryFn: ({ signal }) => call('GET /v1/privileges/violations', { signal }),
  });
  const save = useMutation({
    mutationFn: (changes: Partial<NonNullable<typeof data>>) => {
      if (data === undefined) throw new TypeError('Cannot change rules that were not read');
      const { separation_bundled: _bundled, ...before } = { ...data, ...changes };
      return call('PUT /v1/privileges/rules', {
        body: {
          ...before,
          roles: before.roles.map((rule) => ({
            ...rule,
            requestable_by: [...rule.requestable_by],
            approvers: [...rule.approvers],
          })),
          separation_off: [...before.separation_off],
          separation_own: before.separation_own.map((rule) => ({
            ...rule,
            one: [...rule.one],
            other: [...rule.other],
          })),
        },
        purpose: 'change these rules',
      });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: privilegesKey }),
  });
  const [editing, setEditing] = useState<Editing>();
  const close = (): void => {
    save.reset();
    setEditing(undefined);
  };
  const roles = (data?.roles ?? []).map(({ role }) => role);
  if (error !== null) return <ProblemNotice problem={error} />;
  if (data === undefined) return <Loading heights={[200, 120]} />;
  const held = violations.data?.violations ?? [];
  return (
    <div className="stack">
      {save.error === null || editing !== undefined ? null : <ProblemNotice problem={save.error} />}
      {editing?.kind === 'role' ? (
        <RoleRuleForm
          rule={editing.rule}
          roles={roles}
          problem={save.error}
          busy={save.isPending}
          onClose={close}
          onSave={(rule) =>
            save.mutate(
              {
                roles: data.roles.map((one) =>
                  one.role === rule.role ? { ...one, ...rule, approvals: rule.approvals } : one,
                ),
              },
              { onSuccess: close },
            )
          }
        />
      ) : null}
      {editing?.kind === 'separation' ? (
        <SeparationForm
          rule={editing.rule}
          roles={roles}
          problem={save.error}
          busy={save.isPending}
          onClose={close}
          onSave={(rule) =>
            save.mutate(
              { separation_own: [...data.separation_own.filter(({ id }) => id !== rule.id), rule] },
              { onSuccess: close },
            )
          }
        />
      ) : null}
      <section className="sheet flush" aria-label="Who may ask for what">
        <div className="sheet-head">
          <h2>Who may ask for what</h2>
        </div>
        <div className="table-wrap" tabIndex={0} role="group" aria-label="Rules, as a table">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Role</th>
                <th scope="col">Asked for by</th>
                <th scope="col">Approved by</th>
                <th scope="col">At most</th>
                {canChange ? (
                  <th scope="col">
                    <span className="visually-hidden">Change it</span>
                  </th>
                ) : null}
              </tr>
            </thead>
            <tbody>
              {data.roles.map((rule) => (
                <tr key={rule.role}>
                  <td>{roleName(rule.role)}</td>
                  <td>{rule.requestable_by.length === 0 ? 'nobody' : rule.requestable_by.map(roleName).join(', ')}</td>
                  <td>
                    {rule.approvals === 1 ? 'one person: ' : 'two people: '}
                    {rule.approvers.map(roleName).join(' or ')}
                    {rule.reviewed ? <span className="quiet"> · reviewed after</span> : null}
                  </td>
                  <td>{span(rule.max_minutes)}</td>
                  {canChange ? (
                    <td>
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={`Change who asks for ${roleName(rule.role)}`}
                        onClick={() => setEditing({ kind: 'role', rule })}
                      >
                        Change…
                      </Button>
                    </td>
                  ) : null}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <p className="small quiet privilege-foot">
          What brings a grave right is approved by two people, whatever stands here. Grants end from a risk of{' '}
          {data.end_at_risk} on, are reviewed within {data.review_hours} hours, a break-glass within{' '}
          {data.break_glass_review_hours}.
        </p>
      </section>
      <section className="sheet" aria-label="What nobody may hold together">
        <h2>What nobody may hold together</h2>
        {held.length === 0 ? (
          <p className="quiet">Nobody does now.</p>
        ) : (
          <Notice tone="warn" title="Held together now">
            <ul className="plain-points">
              {held.map(({ person, rule, name, one, other }) => (
                <li key={`${person.id} ${rule}`}>
                  {printable(person.name)}: {roleName(one)} and {roleName(other)} ({name})
                </li>
              ))}
            </ul>
          </Notice>
        )}
        <ul className="lines">
          {data.separation_bundled.map((rule) => {
            const isOff = data.separation_off.includes(rule.id);
            return (
              <li key={rule.id}>
                <span className="line-main">
                  <span className="line-name">
                    {rule.name} {isOff ? <span className="chip">off</span> : null}
                  </span>
                  <span className="small">{rule.why}</span>
                  <span className="small quiet">
                    {sideWords(rule.one)}, and {sideWords(rule.other)}
                    {rule.by_design.length === 0
                      ? ''
                      : ` · ${rule.by_design.map(roleName).join(', ')} is made for both`}
                  </span>
                </span>
                {canChange ? (
                  <Button
                    size="compact-sm"
                    variant="default"
                    loading={save.isPending}
                    aria-label={`Turn ${isOff ? 'on' : 'off'} “${rule.name}”`}
                    onClick={() =>
                      save.mutate({
                        separation_off: isOff
                          ? data.separation_off.filter((id) => id !== rule.id)
                          : [...data.separation_off, rule.id],
                      })
                    }
                  >
                    {isOff ? 'Turn on' : 'Turn off'}
                  </Button>
                ) : null}
              </li>
            );
          })}
          {data.separation_own.map((rule) => (
            <li key={rule.id}>
              <span className="line-main">
                <span className="line-name">{printable(rule.name)}</span>
                <span className="small">{printable(rule.why)}</span>
                <span className="small quiet">
                  {sideWords(rule.one)}, and {sideWords(rule.other)}
                </span>
              </span>
              {canChange ? (
                <span className="line-actions">
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={`Change “${printable(rule.name)}”`}
                    onClick={() => setEditing({ kind: 'separation', rule })}
                  >
                    Change…
                  </Button>
                  <Button
                    size="compact-sm"
                    variant="default"
                    loading={save.isPending}
                    aria-label={`Remove “${printable(rule.name)}”`}
                    onClick={() =>
                      save.mutate({ separation_own: data.separation_own.filter(({ id }) => id !== rule.id) })
                    }
                  >
                    Remove
                  </Button>
                </span>
              ) : null}
            </li>
          ))}
        </ul>
        {canChange ? (
          <div>
            <Button variant="default" onClick={() => setEditing({ kind: 'separation', rule: undefined })}>
              Add a rule…
            </Button>
          </div>
        ) : null}
      </section>
    </div>
  );
}

function sideWords(side: readonly string[]): string {
  return side
    .map((part) => (part.startsWith('role:') ? roleName(part.slice(5)) : actionWords(part.slice('action:'.length))))
    .join(' or ');
}
