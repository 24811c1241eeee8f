import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode, RefObject } from 'react';
import { Link } from 'wouter';
import { RuleEditor } from '../rules/studio/rule-editor.tsx';
import type { EditorControl, Remark } from '../rules/studio/rule-editor.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { cedarLanguage } from './cedar-language.ts';

type Step = { readonly isPending: boolean; readonly isSuccess: boolean; readonly error: unknown; mutate(): void };

/** A policy while it is being written: its name and text on one side, what is found in it and its tests on the other. */
export function EditorFrame({
  list,
  name,
  onName,
  initial,
  onText,
  remarks,
  control,
  mayWrite,
  save,
  remove,
  notice,
  beside,
  children,
}: {
  /** Where the policies are that it is one of. */
  readonly list: { readonly address: string; readonly title: string; readonly stagedUnder: string };
  readonly name: string;
  readonly onName: (name: string) => void;
  readonly initial: string;
  readonly onText: (text: string) => void;
  readonly remarks: readonly Remark[];
  readonly control: RefObject<EditorControl | null>;
  readonly mayWrite: boolean;
  readonly save: Step;
  /** Missing where it was not saved yet. */
  readonly remove: Step | undefined;
  /** Of what stands there. */
  readonly notice?: ReactNode;
  /** Between its name and its text. */
  readonly beside?: ReactNode;
  readonly children: ReactNode;
}) {
  const error = save.error ?? remove?.error ?? null;
  // The editor keeps its own text from then on.
  const [begun] = useState(initial);
  return (
    <div className="room-inner studio">
      <RoomHead
        title={printable(name === '' ? 'New policy' : name)}
        lead={<Link href={list.address}>{list.title}</Link>}
      >
        {mayWrite ? (
          <div className="row">
            <Button loading={save.isPending} onClick={() => save.mutate()}>
              Save
            </Button>
            {remove === undefined ? null : (
              <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
                Delete
              </Button>
            )}
          </div>
        ) : null}
      </RoomHead>
      {save.isSuccess ? null : notice}
      {error === null ? null : <ProblemNotice problem={error} />}
      {save.isSuccess && error === null ? (
        <Notice tone="good" title={`Saved, and in force nowhere yet: stage it under ${list.stagedUnder}`} />
      ) : null}
      <div className="studio-columns">
        <div className="stack tight">
          <TextInput
            label="Name"
            value={name}
            maxLength={120}
            readOnly={!mayWrite}
            onChange={(event) => onName(event.currentTarget.value)}
          />
          {beside}
          <RuleEditor
            control={control}
            label="Policy, in Cedar"
            initial={begun}
            readOnly={!mayWrite}
            remarks={remarks}
            vocabulary={undefined}
            language={cedarLanguage}
            onChange={onText}
            onSave={() => save.mutate()}
          />
        </div>
        <div className="stack tight">{children}</div>
      </div>
    </div>
  );
}

/** What the server makes of a text: each fault at its line, or what each policy says. */
export function FoundInText({
  understood,
  faults,
  goTo,
}: {
  /** Undefined while it is being read. */
  readonly understood: readonly { readonly id: string; readonly says: string; readonly words: string }[] | undefined;
  readonly faults: readonly {
    readonly line: number;
    readonly column: number;
    readonly message: string;
    /** Where it stands in another document. */
    readonly elsewhere?: ReactNode;
  }[];
  readonly goTo: (line: number) => void;
}) {
  return (
    <section className="stack tight" aria-label="What was found in the text" aria-live="polite">
      {understood === undefined ? (
        <p className="quiet">Reading the text…</p>
      ) : faults.length === 0 ? (
        <Notice tone="good" title={`${plural(understood.length, 'policy', 'policies')} understood`}>
          <ul>
            {understood.map(({ id, says, words }) => (
              <li key={id}>
                {says}: {printable(words)}
              </li>
            ))}
          </ul>
        </Notice>
      ) : (
        <Notice tone="bad" title={`${plural(faults.length, 'place')} cannot be used`}>
          <ul className="bare">
            {faults.map(({ line, column, message, elsewhere }, place) => (
              <li key={place}>
                {elsewhere ?? (
                  <button type="button" className="plain-button" onClick={() => goTo(line)}>
                    Line {line}, column {column}
                  </button>
                )}{' '}
                {printable(message)}
              </li>
            ))}
          </ul>
        </Notice>
      )}
    </section>
  );
}
