import { SegmentedControl, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { DocumentSteps } from './document-steps.tsx';
import { DocumentState } from './document-state.tsx';
import { Problems } from './problems.tsx';
import { RuleEditor } from './rule-editor.tsx';
import type { EditorControl, Remark } from './rule-editor.tsx';
import type { RuleTestDraft } from './rule-test-draft.ts';
import { RunPanel } from './run-panel.tsx';
import { StagingPanel } from './staging-panel.tsx';
import { checkQuery, vocabularyQuery } from './studio-queries.ts';
import type { OpenDocument } from './studio-queries.ts';
import { TestsPanel } from './tests-panel.tsx';
import { VersionsPanel } from './versions-panel.tsx';

const typingMs = 400;

/** The text, what is wrong with it, its tests, what it finds on history and on the stream, and what it was before. */
export function StudioEditor({
  me,
  document,
  text: savedText,
  tests: savedTests,
}: {
  readonly me: Me;
  readonly document: OpenDocument | undefined;
  readonly text: string;
  readonly tests: readonly RuleTestDraft[];
}) {
  const { get, change } = useAddress();
  /** What the text was when editing began: a version that others save meanwhile does not take what is being written away. */
  const [base, setBase] = useState({
    version: document?.document.version,
    text: savedText,
    tests: savedTests,
  });
  const [text, setText] = useState(savedText);
  const [tests, setTests] = useState(savedTests);
  const [note, setNote] = useState('');
  const control = useRef<EditorControl>(null);
  const save = useRef<() => void>(() => undefined);
  const mayWrite = may(me, 'rules:write');
  const id = document?.document.id;
  const [asked] = useDebouncedValue(
    useMemo(() => ({ text, tests }), [text, tests]),
    typingMs,
  );
  const checked = useQuery({ ...checkQuery(asked.text, asked.tests, id), enabled: mayWrite });
  const { data: vocabulary } = useQuery(vocabularyQuery);
  const isChanged = document === undefined || text !== base.text || tests !== base.tests;
  const remarks = useMemo(
    (): Remark[] => [
      ...(checked.data?.refusals ?? []).map((one) => ({ ...one, tone: 'refusal' as const })),
      ...(checked.data?.warnings ?? []).map((one) => ({ ...one, tone: 'warning' as const })),
    ],
    [checked.data],
  );
  const failed = checked.data?.tests.filter(({ passed }) => !passed).length ?? 0;
  const panels = [
    { value: 'check', label: remarks.length === 0 ? 'Check' : `Check (${remarks.length})` },
    { value: 'tests', label: failed > 0 ? `Tests (${failed} fail)` : `Tests (${tests.length})` },
    ...(may(me, 'hunts:run') ? [{ value: 'run', label: 'Try on history' }] : []),
    ...(document?.staging === undefined ? [] : [{ value: 'staging', label: 'Staging' }]),
    ...(document === undefined ? [] : [{ value: 'versions', label: 'Versions' }]),
  ];
  const panel = panels.find(({ value }) => value === get('tab'))?.value ?? 'check';
  const title = checked.data?.rules[0]?.title ?? document?.document.name ?? 'New rule';
  const addTest = (test: RuleTestDraft): void => {
    setTests((before) => [...before, test]);
    change({ tab: 'tests' });
  };
  return (
    <div className="room-inner studio">
      <RoomHead
        title={printable(title)}
        lead={
          <>
            <Link href="/rules/studio">Rule studio</Link>
            {document === undefined ? null : (
              <>
                {' · '}
                <DocumentState document={document.document} />
              </>
            )}
          </>
        }
      >
        <DocumentSteps
          me={me}
          document={document}
          draft={{ text, tests, note }}
          base={base.version}
          isChanged={isChanged}
          check={checked.data}
          saveRef={save}
          onSaved={(version) => {
            setBase({ version, text, tests });
            setNote('');
          }}
        />
      </RoomHead>
      <div className="studio-columns">
        <div className="stack tight">
          <RuleEditor
            control={control}
            label="Sigma rule"
            initial={savedText}
            readOnly={!mayWrite}
            remarks={remarks}
            vocabulary={vocabulary}
            onChange={setText}
            onSave={() => save.current()}
          />
          {mayWrite ? (
            <TextInput
              aria-label="What you changed"
              placeholder="What you changed, for those who come later (optional)"
              maxLength={500}
              value={note}
              onChange={(event) => setNote(event.currentTarget.value)}
            />
          ) : (
            <p className="quiet small">You may read rules, not write them.</p>
          )}
        </div>
        <div className="stack tight">
          <SegmentedControl
            aria-label="Beside the text"
            value={panel}
            data={panels}
            onChange={(value) => change({ tab: value === 'check' ? undefined : value }, { replace: true })}
          />
          {checked.error === null ? null : (
            <ProblemNotice problem={checked.error} retry={() => void checked.refetch()} />
          )}
          {panel === 'check' ? (
            <Problems
              checked={checked.data}
              inForce={document?.in_force}
              onLine={(line) => control.current?.goTo(line)}
            />
          ) : null}
          {panel === 'tests' ? (
            <TestsPanel tests={tests} results={checked.data?.tests ?? []} readOnly={!mayWrite} onChange={setTests} />
          ) : null}
          {panel === 'run' ? <RunPanel text={text} mayRun={may(me, 'hunts:run')} onTest={addTest} /> : null}
          {panel === 'staging' && document?.staging !== undefined ? (
            <StagingPanel staging={document.staging} onTest={mayWrite ? addTest : undefined} />
          ) : null}
          {panel === 'versions' && document !== undefined ? (
            <VersionsPanel
              document={document}
              onRestore={mayWrite ? (old) => control.current?.replace(old) : undefined}
              onTests={setTests}
            />
          ) : null}
        </div>
      </div>
    </div>
  );
}
