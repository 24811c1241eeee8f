import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseScenario, scenariosDirectory } from '@sallyport/content';
import type { ProblemTable, RoutePlugin } from '@sallyport/platform/http';
import { createAuditRoutes } from './audit.ts';
import { createDemo } from './demo.ts';
import type { DemoNeeds } from './demo.ts';
import { createDemoRoutes } from './demo-routes.ts';
import { createLive } from './live.ts';
import type { LiveNeeds } from './live.ts';
import { createLiveRoutes } from './live-routes.ts';
import { createOverview } from './overview.ts';
import type { OverviewNeeds } from './overview.ts';
import { createOverviewRoutes } from './overview-routes.ts';
import { serverProblems } from './server-errors.ts';

/** What pages need that no module has alone: overview, live stream, audit trail, demonstration. */
export type ConsoleServices = {
  readonly routes: readonly RoutePlugin[];
  readonly problems: ProblemTable;
  /** Ends streams and demonstrations. */
  close(): Promise<void>;
};

export async function createConsoleServices(
  needs: Omit<OverviewNeeds & LiveNeeds & DemoNeeds, 'scenario' | 'limits' | 'search'> & {
    readonly search: OverviewNeeds['search'] & Parameters<typeof createAuditRoutes>[0];
  },
): Promise<ConsoleServices> {
  const scenario = parseScenario(await readFile(join(scenariosDirectory, 'break-in.json'), 'utf8'));
  const demo = createDemo({ ...needs, scenario });
  const live = createLive(needs);
  return {
    routes: [
      createOverviewRoutes(createOverview(needs)),
      createLiveRoutes(live),
      createAuditRoutes(needs.search),
      createDemoRoutes(demo),
    ],
    problems: serverProblems,
    async close() {
      live.close();
      await demo.close();
    },
  };
}
