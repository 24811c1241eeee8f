import type { RoutePlugin } from '@sallyport/platform/http';
import { addDocumentChangeRoutes } from './document-change-routes.ts';
import { addDocumentReadRoutes } from './document-read-routes.ts';
import { addWritingRoutes } from './writing-routes.ts';
import type { DocumentRoutesNeeds } from './writing-routes.ts';

/** `/v1/rules/documents`, and what helps to write them: `/v1/rules/check`, `/v1/rules/vocabulary`, `/v1/rules/:id/text`. */
export function createDocumentRoutes(needs: DocumentRoutesNeeds): RoutePlugin {
  return async (fastify) => {
    addWritingRoutes(fastify, needs);
    addDocumentReadRoutes(fastify, needs.documents);
    addDocumentChangeRoutes(fastify, needs.documents);
  };
}
