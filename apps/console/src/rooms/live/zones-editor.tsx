import { ActionIcon, Button } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { KeyboardEvent } from 'react';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { zonesQuery } from './camera-queries.ts';
import type { CameraRow, WatchPlan, Zone } from './camera-types.ts';
import { LiveCanvas } from './live-canvas.tsx';
import type { SeenFrame } from './live-canvas.tsx';
import type { BrowserFrames } from './use-live-frames.ts';
import { useSavePlan } from './use-save-plan.ts';
import { isSameDraft, mostZones, newZone, zonesFault } from './zone-draft.ts';
import { ZoneForm } from './zone-form.tsx';
import { changedZones, historyOf, redone, undone } from './zone-history.ts';
import { ZonesDrawing } from './zones-drawing.tsx';

type EditorNeeds = {
  readonly camera: CameraRow;
  readonly frames: BrowserFrames | undefined;
  readonly canChange: boolean;
  readonly onClose: () => void;
};

/** Where in the picture something matters, when, and what: drawn by mouse, by finger or by arrow keys. */
export function ZonesEditor({ camera, frames, canChange, onClose }: EditorNeeds) {
  const { data: plan, error, refetch } = useQuery(zonesQuery(camera.id));
  if (plan === undefined)
    return error === null ? (
      <Loading heights={[420, 160]} label="Asking for the zones" />
    ) : (
      <ProblemNotice problem={error} retry={() => void refetch()} />
    );
  return <Editor {...{ camera, frames, canChange, onClose, plan }} />;
}

function Editor({ camera, frames, canChange, onClose, plan }: EditorNeeds & { readonly plan: WatchPlan }) {
  // What the author saw: a plan that somebody else keeps meanwhile is noticed when this one is kept.
  const [base, setBase] = useState(plan);
  const [history, setHistory] = useState(() => historyOf(plan.zones));
  const { zones } = history;
  const [chosen, setChosen] = useState<string | undefined>(plan.zones[0]?.id);
  const [said, setSaid] = useState('');
  const [seen, setSeen] = useState<SeenFrame>();
  const save = useSavePlan(camera.id, base.revision);
  const zone = zones.find(({ id }) => id === chosen);
  const fault = zonesFault(zones);
  const isChanged = !isSameDraft(zones, base.zones);
  const change = (id: string, next: Partial<Zone>, step?: string): void =>
    setHistory((before) =>
      changedZones(
        before,
        before.zones.map((one) => (one.id === id ? { ...one, ...next } : one)),
        step,
      ),
    );
  const setZones = (next: readonly Zone[]): void => setHistory((before) => changedZones(before, next));
  const goBack = (): void => {
    setHistory(undone);
    setSaid(history.past.length === 0 ? 'Nothing to undo' : 'Undone');
  };
  const goOn = (): void => {
    setHistory(redone);
    setSaid(history.future.length === 0 ? 'Nothing to redo' : 'Done again');
  };
  const onKey = (event: KeyboardEvent<HTMLElement>): void => {
    // In a field they are about its text.
    if (!(event.ctrlKey || event.metaKey) || event.target instanceof HTMLInputElement) return;
    const key = event.key.toLowerCase();
    if (key === 'y' || (key === 'z' && event.shiftKey)) goOn();
    else if (key === 'z') goBack();
    else return;
    event.preventDefault();
  };
  const add = (kind: Zone['kind']): void => {
    const made = newZone(zones, { id: crypto.randomUUID(), kind });
    setZones([...zones, made]);
    setChosen(made.id);
    setSaid(`${made.name} added in the middle of the picture, with 4 points`);
  };
  const keep = (): void =>
    save.mutate(zones, {
      onSuccess(kept) {
        setBase(kept);
        setHistory(historyOf(kept.zones));
        setSaid('Zones kept');
      },
    });
  const leave = (): void => {
    if (!isChanged || window.confirm('Leave without keeping the changes to the zones?')) onClose();
  };
  return (
    <section className="camera-page zones" aria-label="Zones" onKeyDown={onKey}>
      <div className="stage">
        <div
          className="stage-picture"
          style={seen === undefined ? {} : { aspectRatio: `${seen.width} / ${seen.height}` }}
        >
          <LiveCanvas
            frames={frames}
            camera={camera.id}
            perSecond={4}
            label={`Live picture of ${camera.name}, to draw zones on`}
            withBoxes={false}
            onSeen={setSeen}
          />
          <ZonesDrawing
            zones={zones}
            chosen={chosen}
            canChange={canChange}
            picture={seen === undefined ? undefined : { width: seen.width, height: seen.height }}
            onChoose={setChosen}
            onChange={(id, points, step) => change(id, { points }, step)}
            onSay={setSaid}
          />
        </div>
        <p className="stage-foot quiet small">
          {canChange
            ? 'Drag a point or an area. By keyboard: Tab to a point, arrow keys move it (with Shift farther), Enter adds one after it, Delete removes it, Ctrl Z takes a step back.'
            : 'Your role may look at zones, not change them.'}
        </p>
        <p className="visually-hidden" role="status">
          {said}
        </p>
      </div>
      <aside className="camera-side">
        <section className="sheet" aria-labelledby="zones-list">
          <div className="sheet-head">
            <h2 id="zones-list">Zones</h2>
            <span className="quiet small">{zones.length === 0 ? 'the whole picture counts' : ''}</span>
          </div>
          {zones.length === 0 ? (
            <p className="quiet small">
              Without zones everything in the picture is seen alike. A zone says what matters where, and when: a person
              in the yard at night. A mask takes out the street.
            </p>
          ) : (
            <ul className="zone-list" aria-label="Zones of this camera">
              {zones.map(({ id, name, kind }) => (
                <li key={id}>
                  <button type="button" aria-pressed={id === chosen} onClick={() => setChosen(id)}>
                    <i data-kind={kind} aria-hidden="true" /> {name}
                    <span className="quiet small">{kind === 'ignore' ? 'mask' : ''}</span>
                  </button>
                </li>
              ))}
            </ul>
          )}
          {canChange ? (
            <div className="row">
              <Button
                variant="default"
                size="compact-md"
                disabled={zones.length >= mostZones}
                onClick={() => add('watch')}
              >
                Add a zone
              </Button>
              <Button
                variant="default"
                size="compact-md"
                disabled={zones.length >= mostZones}
                onClick={() => add('ignore')}
              >
                Add a mask
              </Button>
              <span className="row">
                <ActionIcon
                  variant="default"
                  size="lg"
                  aria-label="Undo"
                  title="Undo (Ctrl Z)"
                  disabled={history.past.length === 0}
                  onClick={goBack}
                >
                  <IconArrowBackUp size={18} stroke={1.7} />
                </ActionIcon>
                <ActionIcon
                  variant="default"
                  size="lg"
                  aria-label="Redo"
                  title="Redo (Ctrl Shift Z)"
                  disabled={history.future.length === 0}
                  onClick={goOn}
                >
                  <IconArrowForwardUp size={18} stroke={1.7} />
                </ActionIcon>
              </span>
            </div>
          ) : null}
          {zone === undefined ? null : (
            <ZoneForm
              key={zone.id}
              zone={zone}
              plan={plan}
              canChange={canChange}
              onChange={(next) => change(zone.id, next, next.name === undefined ? undefined : `name ${zone.id}`)}
              onRemove={() => {
                setZones(zones.filter(({ id }) => id !== zone.id));
                setChosen(zones.find(({ id }) => id !== zone.id)?.id);
                setSaid(`${zone.name} removed`);
              }}
            />
          )}
          {fault === undefined ? null : <Notice tone="warn" title={fault} />}
          {save.error === null ? null : <ProblemNotice problem={save.error} />}
          <div className="row">
            {canChange ? (
              <Button loading={save.isPending} disabled={!isChanged || fault !== undefined} onClick={keep}>
                Keep the zones
              </Button>
            ) : null}
            <Button variant="default" onClick={leave}>
              {isChanged ? 'Leave them as they were' : 'Close'}
            </Button>
            <span className="small" role="status">
              {save.isSuccess && !isChanged ? '✓ Kept' : isChanged ? 'Not kept yet' : ''}
            </span>
          </div>
        </section>
      </aside>
    </section>
  );
}
