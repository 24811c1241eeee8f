import type { Phase } from '../identity/phase.ts';
import { button, element, heading, paragraph, setAttribute, setText } from './element.ts';
import type { Page, PageNeeds } from './page.ts';
import { sheet } from './sheet.ts';
import { enrolmentWords } from './words.ts';

const never = { update: () => undefined };

export function startingPage(): Page {
  return { node: sheet(paragraph('One moment…', 'quiet')), ...never };
}

/** Why this browser cannot be a camera, and what would help. */
export function unfitPage(why: Extract<Phase, { kind: 'unfit' }>['why'], { host }: PageNeeds): Page {
  switch (why) {
    case 'insecure':
      return {
        node: sheet(
          heading('This page needs HTTPS'),
          paragraph(`Browsers give no camera to a page that comes over plain HTTP, as this one from ${host} does.`),
          element(
            'ol',
            {},
            element('li', {}, 'Ask an administrator to open the console: Settings, HTTPS, “Let others reach it”.'),
            element('li', {}, 'Then ask for a new code and scan it. Its link begins with https://.'),
          ),
        ),
        ...never,
      };
    case 'no_camera':
      return {
        node: sheet(
          heading('This browser cannot film'),
          paragraph('It is too old, or it is the window of another app that gives pages no camera.'),
          paragraph('Open this page in an up-to-date Chrome, Edge, Firefox or Safari.', 'quiet'),
        ),
        ...never,
      };
    case 'no_keys':
      return {
        node: sheet(
          heading('This browser keeps no keys'),
          paragraph(
            'Private windows of some browsers keep nothing. This phone proves who it is with a key that stays here.',
          ),
          paragraph('Open this page in a normal window.', 'quiet'),
        ),
        ...never,
      };
  }
}

/** Nobody has invited this phone yet. */
export function strangerPage({ host }: PageNeeds): Page {
  return {
    node: sheet(
      heading('Make this phone a camera'),
      paragraph(`It can become a camera of ${host}. For that it needs a code.`),
      element(
        'ol',
        {},
        element('li', {}, 'Ask an administrator to open Devices in the console and choose “Enrol a device”.'),
        element('li', {}, 'Scan the code that appears there with the camera app of this phone.'),
      ),
    ),
    ...never,
  };
}

/** The code is here: what will happen, and one button. */
export function invitedPage({ phone, host }: PageNeeds): Page {
  const problem = element('div', { class: 'notice', role: 'alert', hidden: true });
  const enrol = button({ class: 'primary' }, () => void phone.enrol(), 'Enrol this phone');
  const keep = button({ class: 'plain', hidden: true }, () => void phone.keep(), 'No, leave it as it is');
  const current = element(
    'p',
    { class: 'notice', hidden: true },
    'This phone is enrolled already. If you go on, it becomes a new device: the old one cannot send any more, and recordings that still wait here are erased.',
  );
  return {
    node: sheet(
      heading('Make this phone a camera'),
      paragraph(`It becomes a camera of ${host}:`),
      element(
        'ul',
        {},
        element('li', {}, 'It makes a key that never leaves this phone.'),
        element('li', {}, 'Somebody at the console compares six blocks of digits with yours and approves it.'),
        element('li', {}, 'It films only while this page says so, in red.'),
      ),
      current,
      problem,
      enrol,
      keep,
    ),
    update({ phase }) {
      if (phase.kind !== 'invited') return;
      setAttribute(enrol, 'disabled', phase.isBusy);
      setText(enrol, phase.isBusy ? 'Enrolling…' : phase.problem === undefined ? 'Enrol this phone' : 'Try again');
      for (const node of [current, keep]) setAttribute(node, 'hidden', !phase.current);
      setAttribute(problem, 'hidden', phase.problem === undefined);
      if (phase.problem === undefined) return;
      const { what, todo } = enrolmentWords(phase.problem);
      setText(problem, `${what} ${todo}`);
    },
  };
}

/** The number to compare, large, and nothing that distracts from it. */
export function waitingPage({ host }: PageNeeds): Page {
  const number = element('p', { class: 'fingerprint', role: 'img' });
  const state = element('p', { class: 'quiet', role: 'status' });
  return {
    node: sheet(
      heading('Compare the fingerprint'),
      paragraph(
        `The console at ${host} shows the fingerprint of this phone, six blocks of digits. Approve it there only if they are the same:`,
      ),
      number,
      state,
    ),
    update({ phase }) {
      if (phase.kind !== 'waiting') return;
      if (number.dataset['of'] !== phase.fingerprint) {
        number.dataset['of'] = phase.fingerprint;
        // Heard digit by digit, as the console says it.
        const spelled = phase.fingerprint.split(' ').map((block) => Array.from(block).join(' '));
        setAttribute(number, 'aria-label', `Fingerprint ${spelled.join(', ')}`);
        const blocks = phase.fingerprint.split(' ').map((block) => element('span', {}, block));
        number.replaceChildren(...blocks.flatMap((block, index) => (index === 0 ? [block] : [' ', block])));
      }
      setText(
        state,
        phase.isReached
          ? 'Waiting for somebody to approve it. This page goes on by itself.'
          : 'The server does not answer. This page keeps trying.',
      );
    },
  };
}

/** The server has removed this phone. */
export function revokedPage(phase: Extract<Phase, { kind: 'revoked' }>, { host }: PageNeeds): Page {
  const erased = element('p', { role: 'status' });
  const at = new Date(phase.atMs).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  const name = phase.name === '' ? 'This phone' : `“${phase.name}”`;
  return {
    node: sheet(
      element('p', { class: 'sign', 'aria-hidden': 'true' }, '■'),
      heading('This phone was removed'),
      paragraph(`${name} is no camera of ${host} any more. The server ended it; this phone heard of it on ${at}.`),
      erased,
      paragraph('It does not film and sends nothing. To use it again, ask for a new code and scan it.', 'quiet'),
    ),
    update({ phase: now }) {
      if (now.kind !== 'revoked') return;
      setText(
        erased,
        now.isErased
          ? 'Its keys and all recordings on it were erased.'
          : 'Its keys and recordings are being erased. Please leave this page open for a moment.',
      );
    },
  };
}
