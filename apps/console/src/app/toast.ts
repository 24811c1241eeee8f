import { queryOptions } from '@tanstack/react-query';
import type { AlertRow } from '../api/queries.ts';

/** The alert that is on the screen for a moment, and how many came while something was. */
export type Toast<Alert = AlertRow> = { readonly alert: Alert; readonly others: number };

export const toastQuery = queryOptions({
  queryKey: ['live', 'toast'],
  queryFn: (): Toast | null => null,
  initialData: (): Toast | null => null,
  staleTime: Infinity,
  gcTime: Infinity,
});

/** The newest, unless what is shown matters more: whoever covers a lens must not hide that by walking past another. */
export function nextToast<Alert extends Pick<AlertRow, 'id' | 'severity_id'>>(
  shown: Toast<Alert> | null | undefined,
  alert: Alert,
): Toast<Alert> {
  if (shown === null || shown === undefined) return { alert, others: 0 };
  const others = shown.others + (shown.alert.id === alert.id ? 0 : 1);
  return { alert: shown.alert.severity_id > alert.severity_id ? shown.alert : alert, others };
}
