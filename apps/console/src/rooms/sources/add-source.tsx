import { IconCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { FillAndCopy } from './fill-and-copy.tsx';
import { NameSource } from './name-source.tsx';
import { OpenListener } from './open-listener.tsx';
import { fileKind, RecipeCards } from './recipe-cards.tsx';
import { SendFile } from './send-file.tsx';
import type { Prepared } from './prepared.ts';
import { recipesQuery } from './source-queries.ts';
import { WaitForFirst } from './wait-for-first.tsx';

/** The way from nothing to a first event, in three steps on one page. A key is shown here and never again. */
export function AddSource({
  me,
  kind,
  onKind,
}: {
  readonly me: Me;
  readonly kind: string | undefined;
  readonly onKind: (kind: string | undefined) => void;
}) {
  const { data, error, refetch } = useQuery(recipesQuery);
  const [prepared, setPrepared] = useState<{ readonly kind: string; readonly made: Prepared }>();
  const recipe = data?.recipes.find(({ id }) => id === kind);
  const isFile = kind === fileKind;
  const isChosen = isFile || recipe !== undefined;
  const made = prepared?.kind === kind ? prepared?.made : undefined;
  const needsListener = recipe?.needs === 'listener';
  const choose = (next: string | undefined): void => {
    setPrepared(undefined);
    onKind(next);
  };
  const keep = (next: Prepared): void => {
    if (kind !== undefined) setPrepared({ kind, made: next });
  };
  if (!may(me, 'keys:manage')) {
    return (
      <Notice title="An administrator adds sources">
        <p>It takes a key, and whoever has one may send in its name.</p>
      </Notice>
    );
  }
  return (
    <div className="add-source">
      <Step
        at={1}
        title={isChosen ? `From ${isFile ? 'a file' : (recipe?.title ?? '')}` : 'What sends?'}
        isDone={isChosen}
        isOpen
      >
        {isChosen ? (
          <button type="button" className="plain-button" onClick={() => choose(undefined)}>
            Choose something else
          </button>
        ) : (
          <>
            {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
            {data === undefined && error === null ? <Loading heights={[96, 96]} /> : null}
            {data === undefined ? null : <RecipeCards recipes={data.recipes} onChoose={choose} />}
          </>
        )}
      </Step>
      {isFile ? (
        <Step at={2} title="Name it, and drop the file" isDone={false} isOpen>
          <SendFile />
        </Step>
      ) : (
        <>
          <Step at={2} title={needsListener ? 'Let it in' : 'Name it'} isDone={made !== undefined} isOpen={isChosen}>
            {recipe === undefined ? null : needsListener ? (
              <OpenListener key={recipe.id} me={me} recipe={recipe} made={made} onMade={keep} />
            ) : (
              <NameSource key={recipe.id} recipe={recipe} made={made} onMade={keep} />
            )}
          </Step>
          <Step at={3} title="Copy, and see it arrive" isDone={false} isOpen={made !== undefined}>
            {recipe === undefined || made === undefined ? null : (
              <div className="fill-and-wait">
                <FillAndCopy recipe={recipe} made={made} />
                <WaitForFirst me={me} expected={made.expected} />
              </div>
            )}
          </Step>
        </>
      )}
    </div>
  );
}

/** A step that opens takes the focus, so that a reader of the page and the keyboard are where it goes on. */
function Step({
  at,
  title,
  isDone,
  isOpen,
  children,
}: {
  readonly at: number;
  readonly title: string;
  readonly isDone: boolean;
  readonly isOpen: boolean;
  readonly children: ReactNode;
}) {
  const head = useRef<HTMLHeadingElement>(null);
  const wasOpen = useRef(isOpen);
  useEffect(() => {
    if (isOpen && !wasOpen.current) head.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  return (
    <section className="add-step" data-done={isDone} data-open={isOpen}>
      <div className="add-step-head">
        <span className="tick">{isDone ? <IconCheck size={16} aria-label="done" /> : at}</span>
        <h2 ref={head} tabIndex={-1}>
          {title}
        </h2>
        {isOpen && isDone ? <div className="add-step-done">{children}</div> : null}
      </div>
      {isOpen && !isDone ? children : null}
    </section>
  );
}
