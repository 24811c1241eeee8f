import { Button, TextInput } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { callBytes } from '../../api/call.ts';
import { dayAndTime, formatTime, momentAt } from '../../parts/clock-time.ts';
import { useClockChoice } from '../../parts/clock.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { formatBytes, formatSpan } from '../../parts/span.ts';
import { saveBlob } from '../../seal/download.ts';
import type { CameraRow, Timeline } from './camera-types.ts';
import { clipName, clockText } from './clip-words.ts';
import { readWhole } from './read-whole.ts';
import type { TimeSpan } from './timeline-scale.ts';

const longestReason = 500;

/** From here to there, why, and a file that anybody can check without this server. */
export function ClipExport({
  camera,
  clip,
  suggestion,
  gaps,
  onClip,
}: {
  readonly camera: CameraRow;
  readonly clip: TimeSpan | undefined;
  readonly suggestion: TimeSpan;
  readonly gaps: Timeline['gaps'];
  readonly onClip: (clip: TimeSpan | undefined) => void;
}) {
  if (clip === undefined) {
    return (
      <div>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden="true" />}
          onClick={() => onClip({ fromMs: Math.round(suggestion.fromMs), toMs: Math.round(suggestion.toMs) })}
        >
          Export a clip…
        </Button>
      </div>
    );
  }
  return <ClipForm {...{ camera, clip, gaps, onClip }} />;
}

function ClipForm({
  camera,
  clip,
  gaps,
  onClip,
}: {
  readonly camera: CameraRow;
  readonly clip: TimeSpan;
  readonly gaps: Timeline['gaps'];
  readonly onClip: (clip: TimeSpan | undefined) => void;
}) {
  const [clock] = useClockChoice();
  const [reason, setReason] = useState('');
  const [progress, setProgress] = useState<{ readonly bytes: number; readonly total: number | undefined }>();
  const missing = gaps.filter(
    ({ from_ms, to_ms, why }) => why !== 'uploaded_later' && from_ms < clip.toMs && to_ms > clip.fromMs,
  );
  const make = useMutation({
    mutationFn: async () => {
      setProgress(undefined);
      const answer = await callBytes('POST /v1/cameras/{id}/clips', {
        params: { id: camera.id },
        body: { from_ms: clip.fromMs, to_ms: clip.toMs, reason: reason.trim() },
      });
      const file = await readWhole(answer, (bytes, total) => setProgress({ bytes, total }));
      saveBlob(clipName(camera.name, clip.fromMs), file);
      return file.size;
    },
  });
  const edge = (which: 'fromMs' | 'toMs', label: string) => (
    <label className="clip-edge">
      <span>{label}</span>
      <input
        type="datetime-local"
        step={1}
        className="time-input"
        value={clockText(clip[which], clock)}
        onChange={(event) => {
          const timeMs = momentAt(event.currentTarget.value, clock);
          const next = timeMs === undefined ? clip : { ...clip, [which]: timeMs };
          if (next.toMs > next.fromMs) onClip(next);
        }}
      />
    </label>
  );
  return (
    <form
      className="clip-form"
      aria-label="Export a clip"
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <div className="row">
        {edge('fromMs', 'From')}
        {edge('toMs', 'To')}
        <span className="quiet small clip-length">
          {formatSpan(clip.toMs - clip.fromMs)}; drag the handles above, too
        </span>
      </div>
      <TextInput
        label="Why"
        description="Stands in the audit trail and in the file."
        placeholder="Theft on the night of the 21st, asked for by the police"
        maxLength={longestReason}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      {missing.length === 0 ? null : (
        <p className="small warn">
          ▲ Of this span{' '}
          {formatSpan(
            missing.reduce((sum, gap) => sum + Math.min(gap.to_ms, clip.toMs) - Math.max(gap.from_ms, clip.fromMs), 0),
          )}{' '}
          was not recorded; the file says so too.
        </p>
      )}
      <p className="quiet small">
        One file that plays in any browser and proves, without this server, that every picture in it is the one that was
        sealed in the ledger at that time: nothing was changed, added or cut out since.
      </p>
      {make.error === null ? null : <ProblemNotice problem={make.error} />}
      <div className="row">
        <Button type="submit" loading={make.isPending} disabled={reason.trim() === ''}>
          Make the file
        </Button>
        <Button variant="default" onClick={() => onClip(undefined)}>
          {make.data === undefined ? 'Cancel' : 'Done'}
        </Button>
        <span className="small" role="status">
          {make.isPending
            ? progress === undefined
              ? 'Collecting the segments and their proofs…'
              : `${formatBytes(progress.bytes)}${progress.total === undefined ? '' : ` of ${formatBytes(progress.total)}`}`
            : make.data === undefined
              ? ''
              : `✓ Saved, ${formatBytes(make.data)}, from ${dayAndTime(formatTime(clip.fromMs, clock)).time} on.`}
        </span>
      </div>
    </form>
  );
}
