import { readdir, readFile } from 'node:fs/promises';
import { loadBundledMappings, loadBundledRecipes } from '@sallyport/content';
import {
  createEventIntake,
  createEventIntakeRoutes,
  createListenerRoutes,
  createRecipeRoutes,
  createSyslogListeners,
  readRecipes,
} from '@sallyport/event-intake';
import type { EventIntake, EventIntakeNeeds, SyslogListeners } from '@sallyport/event-intake';
import type { RoutePlugin } from '@sallyport/platform/http';
import { createBootClock } from './boot-clock.ts';
import type { HttpsServices } from './https-services.ts';

export type IntakeServices = {
  readonly intake: EventIntake;
  readonly listeners: SyslogListeners;
  /** How records of text formats become OCSF, as it comes with the product. */
  readonly mappings: Awaited<ReturnType<typeof loadBundledMappings>>;
  readonly routes: readonly RoutePlugin[];
};

type ListenerNeeds = Parameters<typeof createSyslogListeners>[0];

/** Everything that takes events in: over HTTP, by syslog, and the recipes that say how a sender is set up. */
export async function createIntakeServices(
  needs: Omit<EventIntakeNeeds, 'mappings'> &
    Pick<ListenerNeeds, 'log' | 'every' | 'ownHandshakes'> & { readonly https: Pick<HttpsServices, 'https' | 'names'> },
): Promise<IntakeServices> {
  const { https } = needs;
  const files = {
    listFiles: (directory: string) => readdir(directory, { recursive: true }),
    readText: (path: string) => readFile(path, 'utf8'),
  };
  const mappings = await loadBundledMappings(files);
  const recipes = await loadBundledRecipes(files);
  // Time asleep is time in which nobody was heard.
  const intake = createEventIntake({ ...needs, clock: createBootClock(needs.clock), mappings });
  const listeners = createSyslogListeners({
    ...needs,
    intake,
    tls: async () => (await https.https.authority()?.serverCertificate([...https.names()]))?.tlsOptions(),
  });
  return {
    intake,
    listeners,
    mappings,
    routes: [
      createEventIntakeRoutes(intake),
      createListenerRoutes(listeners),
      createRecipeRoutes(() => readRecipes(recipes)),
    ],
  };
}
