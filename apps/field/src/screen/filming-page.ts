import type { PhoneView } from '../phone.ts';
import { button, element, heading, setAttribute, setText } from './element.ts';
import type { Page, PageNeeds } from './page.ts';
import { cameraWords, connectionWords, positionWords, recordingWords, soundWords } from './words.ts';

/** The picture as it goes out, and in red, by shape and by word, that it does. */
export function filmingPage({ phone, host, video }: PageNeeds): Page {
  const title = heading('Filming');
  const sentence = element('p', { role: 'status' });
  const trouble = element('p', { class: 'notice', role: 'alert', hidden: true });
  const told = element('p', { class: 'notice', role: 'status', hidden: true });
  const facts = factList();
  const dimButton = button({ class: 'plain' }, () => setDim(true), 'Dim the screen');
  const dimmed = dimScreen(() => setDim(false));
  const node = element(
    'section',
    { class: 'filming', 'data-state': 'filming' },
    element('header', { class: 'state' }, element('span', { class: 'lamp', 'aria-hidden': 'true' }), title, sentence),
    element('div', { class: 'picture' }, video),
    trouble,
    told,
    facts.node,
    element(
      'div',
      { class: 'buttons' },
      button({ class: 'primary stop' }, () => phone.stop(), 'Stop filming'),
      dimButton,
      button({ class: 'plain' }, () => void phone.turnCamera(), 'Other camera'),
    ),
    dimmed.node,
  );

  function setDim(isDim: boolean): void {
    setAttribute(node, 'data-dim', isDim);
    setAttribute(dimmed.node, 'hidden', !isDim);
    if (isDim) dimmed.node.focus();
    else dimButton.focus();
  }

  return {
    node,
    update(view) {
      if (view.phase.kind !== 'filming') return;
      const { filming } = view;
      const words = connectionWords(filming, host);
      const isLive = filming.camera === 'live';
      setAttribute(node, 'data-state', isLive ? 'filming' : 'no-picture');
      setAttribute(node, 'data-link', filming.link);
      setText(title, isLive ? 'Filming' : filming.camera === 'opening' ? 'Opening the camera…' : 'No picture');
      setText(sentence, words);
      dimmed.update(isLive ? 'Filming' : 'No picture', filming.link === 'connected' ? '' : words);
      const troubles = troubleWords(view);
      setAttribute(trouble, 'hidden', troubles === '');
      setText(trouble, troubles);
      const orders = orderWords(view);
      setAttribute(told, 'hidden', orders === '');
      setText(told, orders);
      facts.update(view);
      video.dataset['mirrored'] = String(view.choices.facing === 'user');
    },
  };
}

function troubleWords({ filming, recordings }: PhoneView): string {
  const { camera } = filming;
  const ofCamera =
    camera === 'muted'
      ? 'There is no new picture, as during a call or while this page is behind another one. It goes on by itself.'
      : camera === 'live' || camera === 'opening'
        ? ''
        : `${cameraWords(camera).what} ${cameraWords(camera).todo}`;
  const ofStorage = recordings.problem === undefined ? '' : (recordingWords(recordings) ?? '');
  return [ofCamera, ofStorage].filter((text) => text !== '').join(' ');
}

/** What operators have asked of the phone, so that nothing lights up or sounds without a reason. */
function orderWords({ filming }: PhoneView): string {
  return [
    filming.torch ? 'The light was switched on from the console.' : '',
    filming.siren ? 'The siren was switched on from the console.' : '',
    filming.speaking === undefined ? '' : `Said from the console: “${filming.speaking}”`,
  ]
    .filter((text) => text !== '')
    .join(' ');
}

function factList(): { readonly node: HTMLElement; update(view: PhoneView): void } {
  const values = new Map(
    ['Pictures', 'Arrive after', 'Sound', 'Position', 'Kept here', 'Battery', 'Screen'].map((name) => {
      const value = element('dd', {});
      return [name, { value, row: element('div', {}, element('dt', {}, name), value) }] as const;
    }),
  );
  const set = (name: string, text: string | undefined): void => {
    const fact = values.get(name);
    if (fact === undefined) return;
    setAttribute(fact.row, 'hidden', text === undefined);
    setText(fact.value, text ?? '');
  };
  return {
    node: element('dl', { class: 'facts' }, ...[...values.values()].map(({ row }) => row)),
    update({ filming, recordings, battery }) {
      set('Pictures', filming.link === 'connected' ? `${filming.perSecond.toFixed(1)} a second` : 'kept, not sent');
      set('Arrive after', filming.latencyMs === undefined ? '–' : `${Math.round(filming.latencyMs)} ms`);
      set('Sound', soundWords(filming));
      set('Position', positionWords(filming));
      set(
        'Kept here',
        recordings.problem === undefined ? (recordingWords(recordings) ?? 'nothing waits') : 'not possible',
      );
      set(
        'Battery',
        battery === undefined
          ? undefined
          : `${Math.round(battery.level * 100)} %, ${battery.isCharging ? 'charging' : 'not charging'}`,
      );
      set('Screen', filming.isAwake ? undefined : 'may switch off: set it to stay on');
    },
  };
}

/** Nearly black, for the night and for the battery; it still says that it films. */
function dimScreen(onLeave: () => void): { readonly node: HTMLElement; update(word: string, more: string): void } {
  const word = element('span', { class: 'word' });
  const more = element('span', { class: 'more' });
  const node = button(
    { class: 'dim', hidden: true },
    onLeave,
    element('span', { class: 'lamp', 'aria-hidden': 'true' }),
    word,
    more,
    element('span', { class: 'more' }, 'Touch to see the picture'),
  );
  return {
    node,
    update(now, moreWords) {
      setText(word, now);
      setText(more, moreWords);
    },
  };
}
