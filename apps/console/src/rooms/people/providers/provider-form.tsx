import { Button, Checkbox, NativeSelect, PasswordInput, Radio, TextInput, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { Problem } from '../../../api/problem.ts';
import { usersQuery } from '../../../api/queries.ts';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { GroupRows } from './group-rows.tsx';
import { bodyOf, draftOf, emptyDraft } from './provider-draft.ts';
import type { Provider, ProviderDraft, ProviderWarning } from './provider-draft.ts';
import { guideOf } from './provider-guides.ts';
import { providersQuery } from './providers-query.ts';

type Props = {
  readonly preset: ProviderDraft['preset'];
  /** The one to be changed. */
  readonly provider?: Provider;
  readonly onDone: (saved?: Provider) => void;
};

/** Everything about one provider. What could let the wrong people in is said where it is chosen, and must be meant. */
export function ProviderForm({ preset, provider, onDone }: Props) {
  const queries = useQueryClient();
  const users = useQuery(usersQuery);
  const guide = guideOf(preset);
  const [draft, setDraft] = useState<ProviderDraft>(() =>
    provider === undefined ? { ...emptyDraft(preset), ...guide?.start } : draftOf(provider),
  );
  const [accepted, setAccepted] = useState<ReadonlySet<ProviderWarning>>(new Set());
  const change = (changes: Partial<ProviderDraft>): void => setDraft((before) => ({ ...before, ...changes }));
  const isFirebase = preset === 'firebase';
  const save = useMutation({
    mutationFn: async () => {
      const body = { ...bodyOf(draft, provider?.trusted_methods), accept: [...accepted] };
      const purpose = `let ${draft.name} say who people are`;
      if (provider !== undefined)
        return call('PATCH /v1/providers/{id}', { params: { id: provider.id }, body, purpose });
      return call('POST /v1/providers', { body: { ...body, kind: isFirebase ? 'firebase' : 'oidc' }, purpose });
    },
    async onSuccess(saved) {
      await queries.invalidateQueries({ queryKey: providersQuery.queryKey });
      onDone(saved);
    },
  });
  const warnings = warningsIn(save.error);
  const text = (name: 'name' | 'issuer' | 'clientId' | 'scopes' | 'nameClaim' | 'groupsClaim' | 'maxAgeMinutes') => ({
    value: draft[name],
    spellCheck: false,
    autoComplete: 'off',
    onChange: (event: { currentTarget: { value: string } }) => change({ [name]: event.currentTarget.value }),
  });
  return (
    <form
      className="stack provider-form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <fieldset>
        <legend>Who they are</legend>
        <TextInput label="Name on the button" maxLength={60} required withAsterisk={false} {...text('name')} />
        {isFirebase ? null : (
          <TextInput
            label="Issuer"
            description="As the provider itself writes it, to the last slash"
            placeholder={guide?.issuer ?? ''}
            required
            withAsterisk={false}
            {...text('issuer')}
          />
        )}
        <TextInput
          label={isFirebase ? 'Project id' : 'Client id'}
          required
          withAsterisk={false}
          {...text('clientId')}
        />
        {isFirebase ? null : (
          <>
            <Radio.Group
              label="How this server proves who it is there"
              value={draft.authentication}
              onChange={(value) => change({ authentication: value === 'secret' ? 'secret' : 'private-key' })}
            >
              <div className="stack tight">
                <Radio
                  value="private-key"
                  label="With a key made here, whose private half never leaves this server (better)"
                />
                <Radio value="secret" label="With a client secret" />
              </div>
            </Radio.Group>
            {draft.authentication === 'secret' ? (
              <PasswordInput
                label="Client secret"
                description={provider?.has_secret === true ? 'Leave it empty to keep the one there is' : undefined}
                autoComplete="off"
                value={draft.secret}
                onChange={(event) => change({ secret: event.currentTarget.value })}
              />
            ) : null}
          </>
        )}
      </fieldset>
      <fieldset>
        <legend>Who may come, and as what</legend>
        <Textarea
          label="Required claims"
          description="claim=value, one a line; whoever lacks one does not come in"
          autosize
          minRows={1}
          spellCheck={false}
          value={draft.required}
          onChange={(event) => change({ required: event.currentTarget.value })}
        />
        <Checkbox
          label="Make an account for whoever has none here"
          description="Never in place of somebody who has that name already: they link it themselves, signed in"
          checked={draft.createsPeople}
          onChange={(event) => change({ createsPeople: event.currentTarget.checked })}
        />
        <Checkbox
          label="Everybody who comes is a viewer"
          checked={draft.everybodyViews}
          onChange={(event) => change({ everybodyViews: event.currentTarget.checked })}
        />
        <TextInput
          label="Claim with the groups"
          placeholder="groups"
          description="Its values are compared exactly; a group called “admin” is nothing until it is mapped"
          {...text('groupsClaim')}
        />
        <GroupRows
          groups={draft.groups}
          roles={(users.data?.roles ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(groups) => change({ groups })}
        />
      </fieldset>
      <fieldset>
        <legend>How much its word counts</legend>
        <Radio.Group
          label="When it says nothing of how they proved it"
          value={String(draft.assurance)}
          onChange={(value) => change({ assurance: value === '2' ? 2 : 1 })}
        >
          <div className="stack tight">
            <Radio value="1" label="As one factor: the second is asked for here" />
            <Radio value="2" label="As two factors: the provider asks for them always" />
          </div>
        </Radio.Group>
        <Textarea
          label="As two factors when it says"
          description="claim=value, one a line"
          autosize
          minRows={1}
          spellCheck={false}
          value={draft.trusted}
          onChange={(event) => change({ trusted: event.currentTarget.value })}
        />
      </fieldset>
      <details>
        <summary>More settings</summary>
        <div className="stack">
          {isFirebase ? null : <TextInput label="Scopes" {...text('scopes')} />}
          <TextInput label="Claim that becomes the name" placeholder="preferred_username" {...text('nameClaim')} />
          <TextInput
            label="They signed in there at most so many minutes ago"
            inputMode="numeric"
            {...text('maxAgeMinutes')}
          />
          {isFirebase ? null : (
            <NativeSelect
              label="Ask the provider to"
              value={draft.prompt}
              data={[
                { value: '', label: 'do as it likes' },
                { value: 'login', label: 'have them sign in anew' },
                { value: 'select_account', label: 'let them choose the account' },
                { value: 'consent', label: 'ask for their consent' },
              ]}
              onChange={(event) => change({ prompt: event.currentTarget.value })}
            />
          )}
          <Checkbox
            label="It is in our own network, or on this machine"
            checked={draft.isPrivate}
            onChange={(event) => change({ isPrivate: event.currentTarget.checked })}
          />
          <Textarea
            label="Authority of its certificate, in PEM"
            description="Only where its certificate does not lead to one the system knows"
            autosize
            minRows={2}
            maxRows={8}
            spellCheck={false}
            value={draft.authorityPem}
            onChange={(event) => change({ authorityPem: event.currentTarget.value })}
          />
        </div>
      </details>
      {warnings.length === 0 ? null : (
        <Notice tone="warn" title="Do you mean this?">
          <div className="stack tight">
            {warnings.map(({ code, words }) => (
              <Checkbox
                key={code}
                label={words}
                checked={accepted.has(code)}
                onChange={() => {
                  const next = new Set(accepted);
                  if (!next.delete(code)) next.add(code);
                  setAccepted(next);
                }}
              />
            ))}
          </div>
        </Notice>
      )}
      {save.error === null || warnings.length > 0 ? null : <ProblemNotice problem={save.error} />}
      <div className="row">
        <Button type="submit" loading={save.isPending} disabled={warnings.some(({ code }) => !accepted.has(code))}>
          {provider === undefined ? 'Add, to be tried first' : 'Save'}
        </Button>
        <Button variant="default" onClick={() => onDone()}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

const known = ['maps_administrators', 'trusts_bare_word', 'reaches_private_addresses', 'open_to_all'] as const;

/** What the server wants to have said first. */
function warningsIn(problem: unknown): readonly { readonly code: ProviderWarning; readonly words: string }[] {
  if (!(problem instanceof Problem) || problem.code !== 'provider_unaccepted') return [];
  const told = problem.details.get('warnings');
  if (!Array.isArray(told)) return [];
  return told.flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null || !('code' in one) || !('words' in one)) return [];
    const code = known.find((name) => name === one.code);
    return code === undefined || typeof one.words !== 'string' ? [] : [{ code, words: one.words }];
  });
}
