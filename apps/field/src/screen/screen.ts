import type { PhoneView } from '../phone.ts';
import { filmingPage } from './filming-page.ts';
import { invitedPage, revokedPage, startingPage, strangerPage, unfitPage, waitingPage } from './first-pages.ts';
import type { Page, PageNeeds } from './page.ts';
import { readyPage } from './ready-page.ts';

/** Shows the page of the phase the phone is in. */
export function createScreen(root: HTMLElement, needs: PageNeeds): (view: PhoneView) => void {
  let shown: { readonly kind: string; readonly page: Page } | undefined;
  return (view) => {
    const { kind } = view.phase;
    if (shown?.kind !== kind) {
      const isFirst = shown === undefined || shown.kind === 'starting';
      const page = pageOf(view.phase, needs);
      shown = { kind, page };
      page.update(view);
      root.replaceChildren(page.node);
      document.title = kind === 'filming' ? '● Filming – Sallyport camera' : 'Sallyport camera';
      // Whoever listens hears at once where they are; on opening, the browser says it.
      if (!isFirst) page.node.querySelector('h1')?.focus({ preventScroll: true });
    } else shown.page.update(view);
  };
}

function pageOf(phase: PhoneView['phase'], needs: PageNeeds): Page {
  switch (phase.kind) {
    case 'starting':
      return startingPage();
    case 'unfit':
      return unfitPage(phase.why, needs);
    case 'stranger':
      return strangerPage(needs);
    case 'invited':
      return invitedPage(needs);
    case 'waiting':
      return waitingPage(needs);
    case 'ready':
      return readyPage(needs);
    case 'filming':
      return filmingPage(needs);
    case 'revoked':
      return revokedPage(phase, needs);
  }
}
