import { Button, Checkbox, Modal, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { actionWords } from '../../../parts/action-words.ts';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { useSites } from '../../../parts/use-sites.ts';
import { optionsQuery, privilegesKey } from './privileges-query.ts';
import { span } from './request-words.ts';

const times = [15, 30, 60, 120, 240, 480, 720];

/** Asks for a role for a time. `action` is what somebody lacked when they came here: roles that bring it come first. */
export function AskDialog({ action, onClose }: { readonly action: string | undefined; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const sites = useSites();
  const [typed, setTyped] = useState('');
  // Not at each letter: a site is asked about when it is one, or when the field is left.
  const [left, setLeft] = useState<string>();
  const named = typed.trim();
  const site = named === '' ? undefined : sites?.includes(named) === true ? named : left;
  const { data, error } = useQuery({ ...optionsQuery(site), placeholderData: (before) => before });
  const [only, setOnly] = useState<readonly string[]>();
  const options = (data?.options ?? []).filter(({ adds }) => action === undefined || adds.includes(action));
  const [role, setRole] = useState<string>();
  const [minutes, setMinutes] = useState<number>();
  const [reason, setReason] = useState('');
  const chosen = options.find((option) => option.role === role) ?? options[0];
  const offered = times.filter((time) => time <= (chosen?.max_minutes ?? 0));
  const longest = offered.at(-1) ?? 15;
  const part = only?.filter((one) => chosen?.adds.includes(one));
  const adds = part ?? chosen?.adds ?? [];
  const time = minutes === undefined || minutes > longest ? Math.min(60, longest) : minutes;
  const ask = useMutation({
    mutationFn: () =>
      call('POST /v1/privileges/requests', {
        body: {
          role: chosen?.role ?? '',
          minutes: time,
          reason: reason.trim(),
          ...(site === undefined ? {} : { site }),
          ...(part === undefined ? {} : { actions: part }),
        },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: privilegesKey });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Ask for a right" closeOnClickOutside={false}>
      {error === null ? null : <ProblemNotice problem={error} />}
      {data === undefined && error === null ? <Loading heights={[44, 120]} /> : null}
      <div className="stack">
        {data === undefined ? null : (
          <Where
            typed={typed}
            sites={sites ?? []}
            onType={(text) => {
              setTyped(text);
              setLeft(undefined);
            }}
            onLeave={() => setLeft(named === '' ? undefined : named)}
          />
        )}
        {data !== undefined && chosen === undefined ? (
          <div className="stack">
            <p>
              {action === undefined
                ? 'There is no role you may ask for.'
                : `There is no role you may ask for that lets you ${actionWords(action)}.`}{' '}
              Who may ask for what stands in the rules, which an administrator keeps.
            </p>
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
          </div>
        ) : null}
        {chosen === undefined ? null : (
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault();
              ask.mutate();
            }}
          >
            {action === undefined ? null : <p>You need somebody’s approval to {actionWords(action)}.</p>}
            <NativeSelect
              label="Role"
              value={chosen.role}
              data={options.map((option) => ({ value: option.role, label: option.role_name }))}
              onChange={(event) => {
                setRole(event.currentTarget.value);
                setOnly(undefined);
              }}
            />
            <Checkbox
              label="Only some of what it brings"
              checked={part !== undefined}
              onChange={(event) =>
                setOnly(
                  event.currentTarget.checked
                    ? chosen.adds.filter((one) => action === undefined || one === action)
                    : undefined,
                )
              }
            />
            {part === undefined ? null : (
              <fieldset className="stack tight plain-fieldset">
                <legend>You need to</legend>
                {chosen.adds.map((one) => (
                  <Checkbox
                    key={one}
                    label={actionWords(one)}
                    checked={part.includes(one)}
                    onChange={(event) =>
                      setOnly(event.currentTarget.checked ? [...part, one] : part.filter((other) => other !== one))
                    }
                  />
                ))}
              </fieldset>
            )}
            <RoleBrings
              adds={adds}
              dangerous={chosen.dangerous.filter((one) => adds.includes(one))}
              needed={chosen.needed}
            />
            {chosen.refused_because === null ? null : <p role="alert">You cannot hold it: {chosen.refused_because}</p>}
            <NativeSelect
              label="For how long"
              value={String(time)}
              data={offered.map((one) => ({ value: String(one), label: span(one) }))}
              onChange={(event) => setMinutes(Number(event.currentTarget.value))}
            />
            <Textarea
              label="Why"
              description="Whoever approves reads it, and it stays in the audit trail"
              data-autofocus
              autosize
              minRows={2}
              maxLength={1000}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            <p className="small quiet">
              It is for this browser alone, begins when you take it up, and is over by itself. What you do with it is
              marked.
            </p>
            {ask.error === null ? null : <ProblemNotice problem={ask.error} />}
            <div className="row">
              <Button
                type="submit"
                loading={ask.isPending}
                disabled={reason.trim().length < 3 || chosen.refused_because !== null || adds.length === 0}
              >
                Ask
              </Button>
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
            </div>
          </form>
        )}
      </div>
    </Modal>
  );
}

/** Everywhere, or at one site; those there are, where one may know them, are proposed. */
function Where({
  typed,
  sites,
  onType,
  onLeave,
}: {
  readonly typed: string;
  readonly sites: readonly string[];
  readonly onType: (text: string) => void;
  readonly onLeave: () => void;
}) {
  return (
    <>
      <TextInput
        label="Only at a site"
        placeholder="Everywhere"
        maxLength={60}
        list="sites-to-ask-for"
        value={typed}
        onChange={(event) => onType(event.currentTarget.value)}
        onBlur={onLeave}
      />
      <datalist id="sites-to-ask-for">
        {sites.map((site) => (
          <option key={site} value={site} />
        ))}
      </datalist>
    </>
  );
}

/** The difference it makes, in words; what two people must approve first. */
export function RoleBrings({
  adds,
  dangerous,
  needed,
}: {
  readonly adds: readonly string[];
  readonly dangerous: readonly string[];
  readonly needed: number;
}) {
  const others = adds.filter((action) => !dangerous.includes(action));
  return (
    <div className="stack tight">
      {dangerous.length === 0 ? null : (
        <p>
          <strong>Grave:</strong> {dangerous.map(actionWords).join(', ')}.
        </p>
      )}
      {others.length === 0 ? null : (
        <p className="small">
          {dangerous.length === 0 ? 'Lets them ' : 'Also '}
          {others.map(actionWords).join(', ')}.
        </p>
      )}
      <p className="small quiet">{needed === 1 ? 'One person approves it.' : `${needed} people approve it.`}</p>
    </div>
  );
}
