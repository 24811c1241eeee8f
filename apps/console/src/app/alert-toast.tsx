import { ActionIcon } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Link, useLocation } from 'wouter';
import { LevelMark } from '../parts/level.tsx';
import { pictureAddress } from '../parts/picture-address.ts';
import { printable } from '../parts/printable.ts';
import { againWords } from './announce-alert.ts';
import { toastQuery } from './toast.ts';

const shownMs = 10_000;

/** The newest alert, for a moment, and said aloud by screen readers. */
export function AlertToast({ withPicture }: { readonly withPicture: boolean }) {
  const queries = useQueryClient();
  const [path] = useLocation();
  const { data: toast } = useQuery(toastQuery);
  const alert = toast?.alert ?? null;
  const isBack = alert !== null && alert.announcement !== alert.number;
  const dismiss = (): void => void queries.setQueryData(toastQuery.queryKey, null);
  useEffect(() => {
    if (alert === null) return undefined;
    const timer = setTimeout(() => queries.setQueryData(toastQuery.queryKey, null), shownMs);
    return () => clearTimeout(timer);
  }, [alert, queries]);
  // In the room of alerts it stands in the list already: only said, not shown.
  const isInSight = path === '/alerts';
  return (
    <div className={isInSight ? 'visually-hidden' : 'toast-place'} aria-live="polite" aria-atomic="true">
      {alert === null ? null : (
        <div className="toast">
          {alert.picture === undefined || !withPicture ? null : (
            <img
              key={`${alert.id}/${alert.announcement}`}
              className="toast-picture"
              src={pictureAddress(
                (isBack ? (alert.last_picture_before ?? alert.last_picture) : alert.picture_before) ?? alert.picture,
              )}
              alt=""
            />
          )}
          <LevelMark level={alert.level} />
          <Link href={`/alerts?open=${encodeURIComponent(alert.id)}`} onClick={dismiss}>
            {printable(alert.title)}
            {againWords(alert)}
          </Link>
          {toast === null || toast.others === 0 ? null : (
            <Link href="/alerts" className="toast-others" onClick={dismiss}>
              +{toast.others} more
            </Link>
          )}
          <ActionIcon variant="subtle" color="gray" aria-label="Dismiss" onClick={dismiss}>
            <IconX size={16} />
          </ActionIcon>
        </div>
      )}
    </div>
  );
}
