import type { RoutePlugin } from '@sallyport/platform/http';
import { addDocumentRoutes } from './document-routes.ts';
import { addExplainRoutes } from './explain-routes.ts';
import type { ExplainNeeds } from './explain-routes.ts';
import { addPastRoutes } from './past-routes.ts';
import type { PolicyLibrary } from './policy-library.ts';
import { addVersionRoutes } from './version-routes.ts';
import { addWorkRoutes } from './work-routes.ts';

export function createPolicyRoutes(library: PolicyLibrary, needs: Omit<ExplainNeeds, 'library'>): RoutePlugin {
  return async (app) => {
    addDocumentRoutes(app, library.documents);
    addVersionRoutes(app, library);
    addWorkRoutes(app, library);
    addPastRoutes(app, library);
    addExplainRoutes(app, { ...needs, library });
  };
}
