import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../../api/queries.ts';
import { PolicyEditor } from './policy-editor.tsx';
import { documentQuery } from './policy-queries.ts';
import { templateTests, templateText } from './policy-template.ts';

export function PolicyDocument({ me, id }: { readonly me: Me; readonly id: string }) {
  return id === 'new' ? (
    <PolicyEditor me={me} saved={undefined} name="" text={templateText} tests={templateTests} />
  ) : (
    <Opened me={me} id={id} />
  );
}

function Opened({ me, id }: { readonly me: Me; readonly id: string }) {
  const { data, error, refetch } = useQuery(documentQuery(id));
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading heights={[56, 400]} />;
  return <PolicyEditor me={me} saved={data.document} name={data.document.name} text={data.text} tests={data.tests} />;
}
