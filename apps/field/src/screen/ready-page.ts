import type { PhoneView } from '../phone.ts';
import type { Choices } from '../identity/memory.ts';
import { button, element, heading, paragraph, setAttribute, setText } from './element.ts';
import type { Page, PageNeeds } from './page.ts';
import { sheet } from './sheet.ts';
import { cameraWords, recordingWords } from './words.ts';

type Switchable = 'sound' | 'position' | 'startOnCharge' | 'keepAll';

const switches: readonly { readonly name: Switchable; readonly label: string; readonly more: string }[] = [
  { name: 'sound', label: 'Send sound', more: 'What the microphone hears goes with the picture.' },
  { name: 'position', label: 'Send where this phone is', more: 'About every five seconds while it films.' },
  {
    name: 'startOnCharge',
    label: 'Start by itself when it charges',
    more: 'This page must be open, and the camera allowed.',
  },
  {
    name: 'keepAll',
    label: 'Keep a copy of everything',
    more: 'Otherwise only what the server has missed is kept here.',
  },
];

/** One large button, and what it will do. */
export function readyPage({ phone, host, useUpdate }: PageNeeds): Page {
  const title = heading('Ready');
  const where = element('p', { class: 'quiet' });
  const problem = element('p', { class: 'notice', role: 'alert', hidden: true });
  const contact = element('p', { class: 'notice', role: 'status', hidden: true });
  const stored = element('p', { class: 'quiet', role: 'status' });
  const start = button({ class: 'primary start' }, () => void phone.start(), 'Start filming');
  const facing = button({ class: 'plain' }, () => void phone.turnCamera());
  const boxes = switches.map(({ name, label, more }) =>
    choiceRow(name, label, more, (on) => phone.choose(choice(name, on))),
  );
  const battery = boxes.find(({ name }) => name === 'startOnCharge');
  const update = element(
    'p',
    { class: 'notice', hidden: true },
    'A new version of this page is here. ',
    button({ class: 'link' }, useUpdate, 'Use it now'),
  );
  return {
    node: sheet(
      title,
      where,
      problem,
      contact,
      start,
      stored,
      element('details', {}, element('summary', {}, 'What is sent and kept'), ...boxes.map(({ row }) => row), facing),
      update,
      paragraph(
        'Keep this page in front and the phone on its charger: phones take the camera away from pages that are not looked at.',
        'quiet small',
      ),
    ),
    update(view) {
      const { phase, choices, recordings, startProblem } = view;
      if (phase.kind !== 'ready') return;
      setText(title, phase.device === undefined ? 'Ready' : phase.device.name);
      setText(where, placeWords(phase.device, host));
      setAttribute(problem, 'hidden', startProblem === undefined);
      if (startProblem !== undefined)
        setText(problem, `${cameraWords(startProblem).what} ${cameraWords(startProblem).todo}`);
      setAttribute(contact, 'hidden', phase.contact === 'reached');
      setText(contact, contactWords(phase.contact));
      setText(stored, recordingWords(recordings) ?? '');
      setText(facing, choices.facing === 'user' ? 'Use the back camera instead' : 'Use the front camera instead');
      for (const { name, box } of boxes) box.checked = choices[name];
      if (battery !== undefined) setAttribute(battery.row, 'hidden', view.battery === undefined);
      setAttribute(update, 'hidden', !view.hasUpdate);
    },
  };
}

function choiceRow(
  name: Switchable,
  label: string,
  more: string,
  onChange: (isOn: boolean) => void,
): { readonly name: Switchable; readonly row: HTMLElement; readonly box: HTMLInputElement } {
  const box = element('input', {
    type: 'checkbox',
    role: 'switch',
    id: `choice-${name}`,
    'aria-describedby': `more-${name}`,
  });
  box.addEventListener('change', () => onChange(box.checked));
  const row = element(
    'div',
    { class: 'choice' },
    element('label', { for: `choice-${name}` }, label),
    element('span', { class: 'quiet small', id: `more-${name}` }, more),
    box,
  );
  return { name, row, box };
}

function choice(name: Switchable, isOn: boolean): Partial<Choices> {
  return { [name]: isOn };
}

function placeWords(device: Extract<PhoneView['phase'], { kind: 'ready' }>['device'], host: string): string {
  const place = [device?.place ?? '', device?.site ?? ''].filter((text) => text !== '').join(', ');
  return place === '' ? `A camera of ${host}` : `${place} · a camera of ${host}`;
}

function contactWords(contact: 'reached' | 'unreached' | 'unknown'): string {
  switch (contact) {
    case 'reached':
      return '';
    case 'unreached':
      return 'The server does not answer. You can film all the same: it is kept here and sent later.';
    case 'unknown':
      return 'The server does not recognise this phone. If that stays so, ask for a new code.';
  }
}
