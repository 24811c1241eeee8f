import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { newestAlertQuery } from '../../app/use-live.ts';

const shownMs = 15_000;

/** What alerts of the last moments said, by the camera they are about. */
export function useRecentAlerts(): ReadonlyMap<string, string> {
  const { data: alert } = useQuery(newestAlertQuery);
  const [recent, setRecent] = useState<ReadonlyMap<string, string>>(new Map());
  const camera = alert?.camera;
  const title = alert?.title;
  // Announced again, it flashes again.
  const announcement = alert?.announcement;
  useEffect(() => {
    if (camera === undefined || title === undefined) return;
    setRecent((before) => new Map([...before, [camera, title]]));
    // Not taken back with the effect: the alert is gone from the cache before the border has stopped to flash.
    setTimeout(() => {
      setRecent((before) =>
        before.get(camera) === title ? new Map([...before].filter(([key]) => key !== camera)) : before,
      );
    }, shownMs);
  }, [camera, title, announcement]);
  return recent;
}
