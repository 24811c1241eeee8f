import { Button, Checkbox, NativeSelect, TextInput, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import { Problem } from '../../../api/problem.ts';
import type { Me } from '../../../api/queries.ts';
import { may } from '../../../app/rooms.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { exceptionsKey, trialQuery } from './exceptions-query.ts';
import type { DetailedException, ExceptionTrial } from './exceptions-query.ts';
import { conditionOf } from './propose-condition.ts';
import type { Suggestion } from './propose-condition.ts';
import { TrialView } from './trial-view.tsx';

type Warning = ExceptionTrial['warnings'][number]['code'];
const warningWords: Readonly<Record<Warning, string>> = {
  not_tried: 'It was not tried on what was found so far',
  nothing_found: 'Its rules found nothing it could be tried on',
  all_rules: 'It is for all rules, also for those to come',
  about_us: 'It hides findings about this server itself',
  about_self: 'It may hide findings about you: a second person must approve it before it hides anything',
  never_expires: 'It never ends',
  hides_attack: 'It would have hidden findings that people judged to be an attack',
  hides_critical: 'It would have hidden critical findings',
  hides_all: 'It would have hidden everything its rules found',
};
const isWarning = (code: unknown): code is Warning => typeof code === 'string' && Object.hasOwn(warningWords, code);

/** What the form begins with. */
export type Draft = {
  readonly name: string;
  readonly rules: readonly string[];
  readonly condition: string;
  readonly suggestions: readonly Suggestion[];
  readonly bounds?: Bounds;
  /** The exception that is changed; a new one when left out. */
  readonly changed?: { readonly id: string; readonly revision: number; readonly expires: string | undefined };
  readonly allRules?: boolean;
};

export type Bounds = { readonly host?: string; readonly user?: string; readonly site?: string };
const boundNames = ['host', 'user', 'site'] as const;

/** Says what is to be hidden and why, tries it on what was found, and saves it. */
export function ExceptionForm({
  draft,
  me,
  onSaved,
  onCancel,
}: {
  readonly draft: Draft;
  readonly me: Me;
  readonly onSaved: (saved: DetailedException) => void;
  readonly onCancel: () => void;
}) {
  const queries = useQueryClient();
  const [rules, setRules] = useState(draft.rules.join(', '));
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set(draft.suggestions.map(({ field }) => field)));
  const [condition, setCondition] = useState(draft.condition);
  const [name, setName] = useState(draft.name);
  const [reason, setReason] = useState('');
  const [days, setDays] = useState(draft.changed === undefined ? '30' : asBefore);
  const [bounds, setBounds] = useState<Bounds>(draft.bounds ?? {});
  const { changed } = draft;
  const title = changed === undefined ? 'Make an exception' : 'Change the exception';
  const [accepted, setAccepted] = useState<ReadonlySet<Warning>>(new Set());
  const ruleIds = rules.split(/[\s,]+/).filter((id) => id !== '');
  const what = {
    ...(draft.allRules === true ? { all_rules: true } : { rules: ruleIds }),
    condition,
    ...Object.fromEntries(
      boundNames.flatMap((one) => {
        const value = bounds[one]?.trim() ?? '';
        return value === '' ? [] : [[one, value] as const];
      }),
    ),
  };
  const [tried, setTried] = useState<{ id: string; of: string }>();
  const isTriedAsIs = tried?.of === JSON.stringify(what);
  const { data: trial } = useQuery({ ...trialQuery(tried?.id ?? ''), enabled: tried !== undefined });
  const attempt = useMutation({
    mutationFn: () => call('POST /v1/exceptions/try', { body: what }),
    onSuccess: ({ id }) => setTried({ id, of: JSON.stringify(what) }),
  });
  const save = useMutation({
    mutationFn: () => {
      const body = {
        ...what,
        name: name.trim(),
        reason: reason.trim(),
        ...endOf(days, changed?.expires),
        ...(isTriedAsIs && tried !== undefined ? { trial: tried.id } : {}),
        accept: [...accepted],
      };
      if (changed === undefined) return call('POST /v1/exceptions', { body });
      const { id, revision } = changed;
      return call('PUT /v1/exceptions/{id}', { params: { id }, body: { ...body, revision } });
    },
    onSuccess: async (saved) => {
      await queries.invalidateQueries({ queryKey: exceptionsKey });
      onSaved(saved);
    },
  });
  const open = openWarnings(save.error, isTriedAsIs ? trial : undefined);
  const canSave = isTriedAsIs && trial?.state === 'done' && name.trim() !== '' && reason.trim() !== '';

  function pick(field: string, isPicked: boolean): void {
    const next = new Set(picked);
    if (isPicked) next.add(field);
    else next.delete(field);
    setPicked(next);
    setCondition(conditionOf(draft.suggestions.filter((one) => next.has(one.field))));
  }

  return (
    <form
      className="stack sheet exception-form"
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <h2>{title}</h2>
      <p className="quiet">
        Matches of these rules where the condition holds raise no finding and feed no correlation, from the next second
        on. They are counted, and everything else is found as before.
        {changed === undefined ? '' : ' What was hidden before stays so.'}
      </p>
      <TextInput
        label="Rules"
        description="Ids of rules in force, with commas between"
        value={draft.allRules === true ? 'All rules' : rules}
        disabled={draft.allRules === true}
        onChange={(event) => setRules(event.currentTarget.value)}
      />
      {draft.suggestions.length === 0 ? null : (
        <fieldset className="stack tight">
          <legend>Where all of this is so</legend>
          {draft.suggestions.map(({ field, value }) => (
            <Checkbox
              key={field}
              label={
                <>
                  {printable(field)} is <code>{printable(value).slice(0, 120)}</code>
                </>
              }
              checked={picked.has(field)}
              onChange={(event) => pick(field, event.currentTarget.checked)}
            />
          ))}
        </fieldset>
      )}
      <Textarea
        label="Condition"
        description="As under “filter” of a Sigma filter: field, modifier, value"
        spellCheck={false}
        autosize
        minRows={4}
        maxRows={16}
        value={condition}
        onChange={(event) => setCondition(event.currentTarget.value)}
      />
      <div className="exception-bounds">
        {boundNames.map((one) => (
          <TextInput
            key={one}
            label={`Only ${one}`}
            placeholder="any; as findings name it"
            maxLength={512}
            value={bounds[one] ?? ''}
            onChange={(event) => setBounds({ ...bounds, [one]: event.currentTarget.value })}
          />
        ))}
      </div>
      <div className="row">
        <Button
          variant="default"
          loading={attempt.isPending}
          disabled={(draft.allRules !== true && ruleIds.length === 0) || condition.trim() === ''}
          onClick={() => attempt.mutate()}
        >
          Try it on the last 30 days
        </Button>
        {tried !== undefined && !isTriedAsIs ? <span className="quiet small">Changed since it was tried.</span> : null}
      </div>
      {attempt.error === null ? null : <ProblemNotice problem={attempt.error} />}
      {tried === undefined || !isTriedAsIs ? null : <TrialView id={tried.id} />}
      <TextInput label="Name" maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Textarea
        label="Reason"
        className="exception-words"
        description="Why this is harmless. Whoever reads the audit trail sees it."
        rows={2}
        maxLength={2000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <NativeSelect
        label="Until"
        value={days}
        data={[
          ...(changed === undefined ? [] : [{ value: asBefore, label: 'As before' }]),
          { value: '7', label: 'In a week' },
          { value: '30', label: 'In 30 days' },
          { value: '90', label: 'In 90 days' },
          { value: '365', label: 'In a year' },
          ...(may(me, 'settings:manage') ? [{ value: '', label: 'It never ends' }] : []),
        ]}
        onChange={(event) => setDays(event.currentTarget.value)}
      />
      {open.length === 0 ? null : (
        <fieldset className="stack tight">
          <legend>Before it is saved</legend>
          {open.map((code) => (
            <Checkbox
              key={code}
              label={`${warningWords[code]}. I know.`}
              checked={accepted.has(code)}
              onChange={(event) => {
                const next = new Set(accepted);
                if (event.currentTarget.checked) next.add(code);
                else next.delete(code);
                setAccepted(next);
              }}
            />
          ))}
        </fieldset>
      )}
      {save.error === null || isUnaccepted(save.error) ? null : <ProblemNotice problem={save.error} />}
      <div className="row">
        <Button type="submit" loading={save.isPending} disabled={!canSave || open.some((code) => !accepted.has(code))}>
          Save
        </Button>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
        {canSave ? null : <span className="quiet small">Try it, and say why, before it is saved.</span>}
      </div>
    </form>
  );
}

const asBefore = 'before';

function endOf(days: string, before: string | undefined): { never: true } | { expires: string } {
  if (days === '' || (days === asBefore && before === undefined)) return { never: true };
  if (days === asBefore && before !== undefined) return { expires: before };
  return { expires: new Date(Date.now() + Number(days) * 86_400_000).toISOString() };
}

function isUnaccepted(problem: unknown): problem is Problem {
  return problem instanceof Problem && problem.code === 'exception_unaccepted';
}

/** What the trial warns of, and what the server wants to have accepted besides. */
function openWarnings(problem: unknown, trial: Answer<'GET /v1/exceptions/trials/{id}'> | undefined): Warning[] {
  const told: unknown = isUnaccepted(problem) ? problem.details.get('warnings') : [];
  const asked: readonly unknown[] = Array.isArray(told) ? told : [];
  return [...new Set([...(trial?.warnings ?? []).map(({ code }) => code), ...asked.filter(isWarning)])];
}
