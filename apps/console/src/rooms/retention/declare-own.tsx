import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { retentionNextSteps } from './next-steps.ts';
import { judgeDeclaration, linesOf, ownKinds } from './declaration-words.ts';
import type { OwnKind } from './declaration-words.ts';
import { declarationsQuery } from './personal-query.ts';
import { kindWords } from './personal-words.ts';

/** Fields no preset knows: a name for them, where they stand, and whose they are. */
export function DeclareOwn({ taken }: { readonly taken: readonly string[] }) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [kind, setKind] = useState<OwnKind>('custom');
  const [paths, setPaths] = useState('');
  const [sources, setSources] = useState('');
  const [except, setExcept] = useState('');
  const verdict = judgeDeclaration({ name, paths, taken });
  const declare = useMutation({
    mutationFn: () => {
      const [only, nobodys] = [linesOf(sources), linesOf(except)];
      return call('PUT /v1/personal-data/declarations/{name}', {
        params: { name: name.trim() },
        body: {
          kind,
          paths: linesOf(paths),
          ...(only.length === 0 ? {} : { sources: only }),
          ...(nobodys.length === 0 ? {} : { except: nobodys }),
        },
        purpose: 'declare what names people',
      });
    },
    onSuccess: async () => {
      for (const clear of [setName, setPaths, setSources, setExcept]) clear('');
      await queries.invalidateQueries({ queryKey: declarationsQuery.queryKey });
    },
  });
  return (
    <details className="fold">
      <summary>Declare fields of your own</summary>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          declare.mutate();
        }}
      >
        <div className="row form-row">
          <TextInput
            className="grow"
            label="What you call them"
            description="small letters, digits and dashes, such as badge-ids"
            maxLength={50}
            autoComplete="off"
            spellCheck={false}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <NativeSelect
            label="Kind of name"
            description="the same person is found by it"
            value={kind}
            data={ownKinds.map((one) => ({ value: one, label: kindWords[one] }))}
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              setKind(ownKinds.find((one) => one === chosen) ?? 'custom');
            }}
          />
        </div>
        <Textarea
          label="Where they stand in an event"
          description="a path a line, such as unmapped.badge.owner; * is any one name, ** any number of them"
          autosize
          minRows={2}
          maxRows={8}
          spellCheck={false}
          value={paths}
          onChange={(event) => setPaths(event.currentTarget.value)}
        />
        <div className="row form-row">
          <Textarea
            className="grow"
            label="Only of these sources"
            description="one a line; empty: everything, findings and audit records too"
            autosize
            minRows={1}
            maxRows={6}
            spellCheck={false}
            value={sources}
            onChange={(event) => setSources(event.currentTarget.value)}
          />
          <Textarea
            className="grow"
            label="Values that are nobody’s"
            description="one a line, such as root"
            autosize
            minRows={1}
            maxRows={6}
            spellCheck={false}
            value={except}
            onChange={(event) => setExcept(event.currentTarget.value)}
          />
        </div>
        {verdict.text === undefined ? null : (
          <p className="small" role="status">
            {verdict.text}
          </p>
        )}
        {declare.error === null ? null : <ProblemWithStep problem={declare.error} nextSteps={retentionNextSteps} />}
        <div className="row">
          <Button type="submit" variant="default" loading={declare.isPending} disabled={!verdict.isReady}>
            Seal them from now on
          </Button>
        </div>
      </form>
    </details>
  );
}
