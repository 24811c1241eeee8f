import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../../api/queries.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Problem } from '../../../api/problem.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { WrittenAnew } from '../../policies/damaged.tsx';
import { OwnEditor } from './own-editor.tsx';
import { damagedDocumentQuery, ownDocumentQuery } from './own-policy-queries.ts';
import { templateTests, templateText } from './own-template.ts';

export function OwnDocument({ me, id }: { readonly me: Me; readonly id: string }) {
  return id === 'new' ? (
    <OwnEditor
      me={me}
      saved={undefined}
      begun={{ name: '', scope: { kind: 'all' }, text: templateText, tests: templateTests }}
    />
  ) : (
    <Opened me={me} id={id} />
  );
}

function Opened({ me, id }: { readonly me: Me; readonly id: string }) {
  const { data, error, refetch } = useQuery(ownDocumentQuery(id));
  const isDamaged = error instanceof Problem && error.code === 'agent_policy_damaged';
  const damaged = useQuery({ ...damagedDocumentQuery(id), enabled: isDamaged });
  if (damaged.data?.found !== undefined && damaged.data.found !== null) {
    const { found, standing } = damaged.data;
    return (
      <OwnEditor
        me={me}
        saved={data?.document ?? found}
        begun={standing ?? { name: id, scope: { kind: 'all' }, text: templateText, tests: templateTests }}
        notice={<WrittenAnew why={found.why} found={found.found_ms} ofVersion={standing?.version} />}
      />
    );
  }
  if (isDamaged && damaged.error === null) return <Loading heights={[56, 400]} />;
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading heights={[56, 400]} />;
  const { document, text, tests } = data;
  return <OwnEditor me={me} saved={document} begun={{ name: document.name, scope: document.scope, text, tests }} />;
}
