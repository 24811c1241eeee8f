import { Button, Checkbox, Radio, TextInput, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { authoritiesQuery, type Authority } from './authorities-query.ts';

const fresh = {
  name: '',
  pem: '',
  finds: 'binding',
  domains: '',
  policies: '',
  purposes: '1.3.6.1.5.5.7.3.2\n1.3.6.1.4.1.311.20.2.2',
  namesAdministrators: false,
  allowsBinding: true,
  revocation: 'list',
  whenStale: 'refuse',
} as const;
type Draft = {
  -readonly [Key in keyof typeof fresh]: (typeof fresh)[Key] extends boolean ? boolean : string;
};

/** Everything about one authority; what it may say about people is said where it is chosen. */
export function AuthorityForm({
  authority,
  onDone,
}: {
  /** The one to be changed. */
  readonly authority?: Authority;
  readonly onDone: () => void;
}) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>(() => (authority === undefined ? fresh : draftOf(authority)));
  const change = (part: Partial<Draft>): void => setDraft((before) => ({ ...before, ...part }));
  const save = useMutation({
    mutationFn: () => {
      const body = bodyOf(draft);
      const purpose = `let people in with certificates of ${draft.name}`;
      return authority === undefined
        ? call('POST /v1/certificate-authorities', { body, purpose })
        : call('PATCH /v1/certificate-authorities/{id}', { params: { id: authority.id }, body, purpose });
    },
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: authoritiesQuery.queryKey });
      onDone();
    },
  });
  const isNaming = draft.finds !== 'binding';
  return (
    <form
      className="stack provider-form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <fieldset>
        <legend>Who it is</legend>
        <TextInput
          label="Name"
          placeholder="Staff cards"
          maxLength={60}
          required
          withAsterisk={false}
          autoComplete="off"
          value={draft.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <Textarea
          label="Its certificates, as PEM"
          description="The root and every authority between it and people’s certificates: none is fetched, and none that a card brings along counts"
          placeholder="-----BEGIN CERTIFICATE-----"
          autosize
          minRows={3}
          maxRows={10}
          spellCheck={false}
          required
          withAsterisk={false}
          value={draft.pem}
          onChange={(event) => change({ pem: event.currentTarget.value })}
        />
      </fieldset>
      <fieldset>
        <legend>Whom it lets in</legend>
        <Checkbox
          label="People bind their own cards, under Settings, Account"
          description="Otherwise administrators bind them"
          checked={draft.allowsBinding}
          onChange={(event) => change({ allowsBinding: event.currentTarget.checked })}
        />
        <Radio.Group
          label="And by a name in the certificate"
          value={draft.finds}
          onChange={(finds) => change({ finds })}
        >
          <div className="stack tight">
            <Radio value="binding" label="No: only certificates that were bound" />
            <Radio value="upn" label="By the user principal name, as Windows smart cards have it" />
            <Radio value="email" label="By the e-mail address" />
          </div>
        </Radio.Group>
        {isNaming ? (
          <>
            <Notice title="Whoever runs this authority can then be anybody it may name">
              <p>The name in the certificate must be exactly the name of the account here, letter by letter.</p>
            </Notice>
            <Textarea
              label="Only people of these domains"
              description="One a line; anybody when empty"
              placeholder="corp.example"
              autosize
              minRows={1}
              spellCheck={false}
              value={draft.domains}
              onChange={(event) => change({ domains: event.currentTarget.value })}
            />
            <Checkbox
              label="It may also name people who decide what others may do"
              description="Better they bind their cards"
              checked={draft.namesAdministrators}
              onChange={(event) => change({ namesAdministrators: event.currentTarget.checked })}
            />
          </>
        ) : null}
      </fieldset>
      <fieldset>
        <legend>Revocations</legend>
        <Radio.Group value={draft.revocation} onChange={(revocation) => change({ revocation })} label="Lost cards">
          <div className="stack tight">
            <Radio value="list" label="By the list of what it revoked, which you upload; without it nobody comes in" />
            <Radio
              value="none"
              label="Not looked at: whoever has a card comes in until it expires or is taken away here"
            />
          </div>
        </Radio.Group>
        {draft.revocation === 'list' ? (
          <Radio.Group
            label="When the list is out of date"
            value={draft.whenStale}
            onChange={(whenStale) => change({ whenStale })}
          >
            <div className="stack tight">
              <Radio value="refuse" label="Nobody comes in with these certificates" />
              <Radio value="accept" label="Certificates are accepted as of the old list" />
            </div>
          </Radio.Group>
        ) : null}
      </fieldset>
      <details>
        <summary>More settings</summary>
        <div className="stack">
          <Textarea
            label="Purposes (extended key usages)"
            description="One of these must stand in a certificate. As given: TLS clients, and smart card logon"
            autosize
            minRows={2}
            spellCheck={false}
            value={draft.purposes}
            onChange={(event) => change({ purposes: event.currentTarget.value })}
          />
          <Textarea
            label="Policies"
            description="Object identifiers, one a line; one of them must hold, where any stand here. Ask the authority for the one that means a card with a PIN"
            autosize
            minRows={1}
            spellCheck={false}
            value={draft.policies}
            onChange={(event) => change({ policies: event.currentTarget.value })}
          />
        </div>
      </details>
      {save.error === null ? null : <ProblemNotice problem={save.error} />}
      <div className="row">
        <Button type="submit" loading={save.isPending}>
          {authority === undefined ? 'Add it, switched off' : 'Save'}
        </Button>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

type BodyOfAuthority = Omit<Authority, 'id' | 'enabled' | 'created_at' | 'people' | 'certificates'>;
const findings = ['binding', 'upn', 'email'] as const;

function linesOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((line) => line !== ''))];
}

function bodyOf(draft: Draft): BodyOfAuthority {
  return {
    name: draft.name.trim(),
    pem: draft.pem,
    finds: findings.find((one) => one === draft.finds) ?? 'binding',
    domains: linesOf(draft.domains.toLowerCase()),
    purposes: linesOf(draft.purposes),
    policies: linesOf(draft.policies),
    names_administrators: draft.namesAdministrators,
    allows_binding: draft.allowsBinding,
    revocation: draft.revocation === 'none' ? 'none' : 'list',
    when_stale: draft.whenStale === 'accept' ? 'accept' : 'refuse',
  };
}

function draftOf(authority: Authority): Draft {
  return {
    name: authority.name,
    pem: authority.pem,
    finds: authority.finds,
    domains: authority.domains.join('\n'),
    policies: authority.policies.join('\n'),
    purposes: authority.purposes.join('\n'),
    namesAdministrators: authority.names_administrators,
    allowsBinding: authority.allows_binding,
    revocation: authority.revocation,
    whenStale: authority.when_stale,
  };
}
