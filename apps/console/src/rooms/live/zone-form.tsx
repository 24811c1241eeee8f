import { Checkbox, SegmentedControl, TextInput } from '@mantine/core';
import { zonesOffered } from '../../parts/clock-time.ts';
import type { WatchPlan, Zone } from './camera-types.ts';
import { dayName, scheduleWords, weekDays } from './schedule-words.ts';
import type { ZoneSchedule } from './schedule-words.ts';
import { newSchedule, zoneLabels } from './zone-draft.ts';

/** One zone in words: what it is called, what it looks for, and when. */
export function ZoneForm({
  zone,
  plan,
  canChange,
  onChange,
  onRemove,
}: {
  readonly zone: Zone;
  readonly plan: WatchPlan;
  readonly canChange: boolean;
  readonly onChange: (next: Partial<Zone>) => void;
  readonly onRemove: () => void;
}) {
  const { schedule } = zone;
  const setSchedule = (next: Partial<ZoneSchedule>): void => {
    if (schedule !== undefined) onChange({ schedule: { ...schedule, ...next } });
  };
  return (
    <fieldset className="plain-fieldset stack tight zone-form" disabled={!canChange}>
      <legend className="visually-hidden">{zone.name}</legend>
      <TextInput
        label="Name"
        value={zone.name}
        maxLength={80}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
      />
      <SegmentedControl
        aria-label="What it is"
        disabled={!canChange}
        fullWidth
        value={zone.kind}
        data={[
          { value: 'watch', label: 'Watch here' },
          { value: 'ignore', label: 'Ignore here' },
        ]}
        onChange={(kind) => onChange({ kind: kind === 'ignore' ? 'ignore' : 'watch' })}
      />
      <div
        role="group"
        aria-label={zone.kind === 'watch' ? 'What it looks for' : 'What it ignores'}
        className="zone-labels"
      >
        {zoneLabels.map(({ value, name }) => (
          <Checkbox
            key={value}
            size="sm"
            label={name}
            disabled={!canChange}
            checked={zone.labels.includes(value)}
            onChange={(event) =>
              onChange({
                labels: event.currentTarget.checked
                  ? [...zone.labels, value]
                  : zone.labels.filter((label) => label !== value),
              })
            }
          />
        ))}
        <p className="quiet small">{zone.labels.length === 0 ? 'None chosen: all of them but bags.' : ''}</p>
      </div>
      <SegmentedControl
        aria-label="When"
        disabled={!canChange}
        fullWidth
        value={schedule === undefined ? 'always' : 'times'}
        data={[
          { value: 'always', label: 'Always' },
          { value: 'times', label: 'At times' },
        ]}
        onChange={(value) => onChange({ schedule: value === 'always' ? undefined : newSchedule(plan) })}
      />
      {schedule === undefined ? null : (
        <div className="stack tight">
          <div className="zone-days" role="group" aria-label="Days">
            {weekDays.map((day) => (
              <button
                key={day}
                type="button"
                aria-pressed={schedule.days.includes(day)}
                onClick={() =>
                  setSchedule({
                    days: weekDays.filter((one) =>
                      one === day ? !schedule.days.includes(day) : schedule.days.includes(one),
                    ),
                  })
                }
              >
                {dayName(day)}
              </button>
            ))}
          </div>
          <div className="row">
            <label className="clip-edge">
              From
              <input
                type="time"
                className="time-input"
                value={schedule.from}
                onChange={(event) => setSchedule({ from: event.currentTarget.value })}
              />
            </label>
            <label className="clip-edge">
              To
              <input
                type="time"
                className="time-input"
                value={schedule.to}
                onChange={(event) => setSchedule({ to: event.currentTarget.value })}
              />
            </label>
          </div>
          <label className="clip-edge">
            Clock
            <select
              className="time-input"
              value={schedule.zone}
              onChange={(event) => setSchedule({ zone: event.currentTarget.value })}
            >
              {[...new Set([schedule.zone, plan.time_zone, 'UTC', ...zonesOffered()])].map((name) => (
                <option key={name} value={name}>
                  {name.replaceAll('_', ' ')}
                </option>
              ))}
            </select>
          </label>
          <p className="quiet small">{scheduleWords(schedule)}</p>
        </div>
      )}
      {canChange ? (
        <div>
          <button type="button" className="plain-button bad" onClick={onRemove}>
            Remove {zone.name}
          </button>
        </div>
      ) : null}
    </fieldset>
  );
}
