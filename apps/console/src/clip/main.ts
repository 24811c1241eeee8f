// The script inside an exported clip. No framework, no network: it checks the recording beside it, says what holds, and
// plays what does.
import { openClip, summarize } from '@sallyport/camera-watch/clip';
import type { ClipVerification, SegmentVerdict } from '@sallyport/camera-watch/clip';
import { element } from './element.ts';
import { createFilm } from './film.ts';
import { createPlayer } from './player.ts';
import { factsCard, gapsCard, partsCard, verdictCard } from './report.ts';
import { witnessCard } from './witness-card.ts';
import type { TimeBarPart } from './time-bar.ts';
import { clockTime, gapReason } from './words.ts';

const data = document.querySelector('#clip')?.textContent ?? '';
/** The check that runs now; an older one stops when it sees that it is not. */
let running = 0;

/** Where the reader says by which key they know the log. */
function keyForm(known: string | undefined): HTMLElement {
  const field = element('input', {
    id: 'key',
    type: 'text',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': 'key-words',
    value: known ?? '',
  });
  const form = element(
    'form',
    {},
    element('label', { for: 'key' }, 'The log’s key, as you know it'),
    element('div', { class: 'entry' }, field, element('button', { type: 'submit' }, 'Check with this key')),
    element(
      'p',
      { id: 'key-words' },
      'Take it from somebody you trust and not from this file: whoever runs the server reads it under Ledger in the console, or with “sallyport ledger key”. This page checks what it holds; that the page itself was not changed, “sallyport clip verify” checks.',
    ),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const typed = field.value.trim();
    void check(typed === '' ? undefined : typed);
  });
  return form;
}

function partsOf(result: ClipVerification): TimeBarPart[] {
  const gaps = (result.manifest?.gaps ?? []).map((gap): TimeBarPart => ({
    kind: 'gap',
    fromMs: gap.from_ms,
    toMs: gap.to_ms,
    words: `${clockTime(gap.from_ms)} to ${clockTime(gap.to_ms)}: ${gapReason(gap.why)}`,
  }));
  const shortestGapMs = result.manifest?.shortest_gap_ms ?? 0;
  const segments = result.verdicts.flatMap(({ ok, claimed }, at): TimeBarPart[] => {
    if (claimed === undefined) return [];
    // From one picture to the next is no gap, also between two segments.
    const next = result.verdicts[at + 1]?.claimed?.start_ms ?? claimed.end_ms;
    const isFollowed = next > claimed.end_ms && next - claimed.end_ms <= shortestGapMs;
    const words = `${clockTime(claimed.start_ms)} to ${clockTime(claimed.end_ms)}`;
    const kind = !ok ? 'bad' : claimed.late ? 'late' : 'good';
    const said = { good: 'verifies', late: 'verifies; sent later', bad: 'does not verify' }[kind];
    return [{ kind, fromMs: claimed.start_ms, toMs: isFollowed ? next : claimed.end_ms, words: `${words}: ${said}` }];
  });
  return [...gaps, ...segments];
}

function show(result: ClipVerification, known: string | undefined): void {
  const { manifest, verdicts } = result;
  const cards = [verdictCard(result, keyForm(known))];
  if (manifest !== undefined) {
    const film = createFilm({
      verdicts,
      gaps: manifest.gaps,
      fromMs: manifest.segments[0]?.start_ms ?? manifest.from_ms,
      toMs: manifest.segments.at(-1)?.end_ms ?? manifest.to_ms,
      shortestGapMs: manifest.shortest_gap_ms,
    });
    cards.push(
      createPlayer(film, partsOf(result)),
      factsCard(manifest, result),
      gapsCard(manifest),
      partsCard(verdicts),
      witnessCard(verdicts),
    );
  }
  document.querySelector('#report')?.replaceChildren(...cards);
  document.title = result.ok ? `Clip of ${manifest?.name ?? ''}` : 'Clip that does not verify';
}

async function check(known: string | undefined): Promise<void> {
  running += 1;
  const own = running;
  const options = known === undefined ? {} : { verifierKeys: known.split(/\s+/) };
  const clip = openClip(data, options);
  const progress = element('p', { role: 'status' });
  document.querySelector('#report')?.replaceChildren(element('section', {}, element('h1', {}, 'Checking'), progress));
  const verdicts: SegmentVerdict[] = [];
  for (let at = 0; at < clip.segmentCount; at += 1) {
    progress.textContent = `Part ${at + 1} of ${clip.segmentCount}`;
    // Lets the page say how far it is.
    await new Promise((resolve) => void setTimeout(resolve));
    if (running !== own) return;
    verdicts.push(clip.verifySegment(at));
  }
  show(summarize(clip.head, verdicts, [], options), known);
}

void check(undefined);
