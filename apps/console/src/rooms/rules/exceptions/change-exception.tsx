import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../../api/queries.ts';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { ExceptionForm } from './exception-form.tsx';
import { exceptionQuery } from './exceptions-query.ts';

/** The newest text of an exception in the form; saving it makes a new version. */
export function ChangeException({
  id,
  me,
  onDone,
}: {
  readonly id: string;
  readonly me: Me;
  readonly onDone: () => void;
}) {
  const { data: exception, error, refetch } = useQuery(exceptionQuery(id));
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (exception === undefined) return <Loading heights={[320]} />;
  const { revision, current } = exception;
  if (current === undefined) return null;
  const { name, rules, condition, host, user, site, expires } = current;
  return (
    <ExceptionForm
      key={revision}
      draft={{
        name,
        rules,
        condition,
        suggestions: [],
        allRules: current.all_rules,
        bounds: {
          ...(host === undefined ? {} : { host }),
          ...(user === undefined ? {} : { user }),
          ...(site === undefined ? {} : { site }),
        },
        changed: { id, revision, expires },
      }}
      me={me}
      onSaved={onDone}
      onCancel={onDone}
    />
  );
}
