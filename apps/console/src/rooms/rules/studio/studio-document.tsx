import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { testsIn } from './rule-test-draft.ts';
import { StudioEditor } from './studio-editor.tsx';
import { documentQuery, ruleTextQuery } from './studio-queries.ts';
import { copyOf, ruleTemplate } from './template.ts';

/** One rule document: a new one, a copy of a rule in force, or one that is kept. */
export function StudioDocument({ id, me }: { readonly id: string; readonly me: Me }) {
  const { get } = useAddress();
  const copy = get('copy');
  const kept = useQuery({ ...documentQuery(id), enabled: id !== 'new' });
  const copied = useQuery({ ...ruleTextQuery(copy ?? ''), enabled: id === 'new' && copy !== undefined });
  const error = kept.error ?? copied.error;
  if (error !== null)
    return (
      <div className="room-inner">
        <ProblemNotice problem={error} />
        <Link href="/rules/studio">To the studio</Link>
      </div>
    );
  if (id === 'new') {
    if (copy !== undefined && copied.data === undefined) return <Loading heights={[56, 420]} />;
    const newId = (): string => crypto.randomUUID();
    const text =
      copied.data === undefined
        ? ruleTemplate(newId(), new Date().toISOString().slice(0, 10))
        : copyOf(copied.data.text, newId);
    return <StudioEditor me={me} document={undefined} text={text} tests={[]} />;
  }
  if (kept.data === undefined) return <Loading heights={[56, 420]} />;
  return <StudioEditor me={me} document={kept.data} text={kept.data.text} tests={testsIn(kept.data.tests)} />;
}
