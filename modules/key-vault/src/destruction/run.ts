import { createAgreements } from './agreements.ts';
import { createEnding } from './ending.ts';
import { createLeaving } from './leaving.ts';
import type { RunNeeds, StepInput, StepNeed } from './run-needs.ts';
import type { Section } from './section.ts';

/**
 * Carries out what is ready, one durable step after another; wherever it is cut off, the next call goes on there. Before the
 * commit that says `removed` or `destroying` everything can be stopped; what must hold then is looked at in that very turn.
 */
export function createRun(needs: RunNeeds): { step(input: StepInput): Promise<StepNeed> } {
  const { store, aside } = needs;
  const agreements = createAgreements(needs);
  const leaving = createLeaving(needs);
  const ending = createEnding(needs);

  async function goOn(input: StepInput): Promise<StepNeed> {
    agreements.settle();
    if (store.get().mustRotate === true) {
      await needs.rotateWithout(new Set(), { by: 'vault', reason: 'after a restore' });
      store.update(withoutMustRotate);
    }
    // What was begun with the old vault aside is ended before anything else is.
    if (leaving.inFlight().length === 0) leaving.begin();
    await needs.send();
    await leaving.rotate();
    await leaving.bringBack();
    const need = await ending.end(input);
    if (need.kind === 'nothing' && leaving.inFlight().length === 0) aside.erase();
    return need;
  }

  return {
    async step(input) {
      const need = await goOn(input);
      await ending.complete();
      await needs.send();
      return need;
    },
  };
}

function withoutMustRotate(section: Section): Section {
  const { mustRotate: _, ...rest } = section;
  return rest;
}
