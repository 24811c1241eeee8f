import { queryOptions } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';

export type ToolServer = Answer<'GET /v1/agents/tool-servers'>['servers'][number];
export type ServerWithTools = Answer<'GET /v1/agents/tool-servers/{id}'>;
export type ServerTool = ServerWithTools['each'][number];
export type ToolView = Answer<'GET /v1/agents/tool-servers/{id}/tools/{tool}'>;
export type TextPart = ToolView['description'][number];

/** Agents meet servers by themselves: what is shown of them is looked at again. */
const againEveryMs = 10_000;

export const serversQuery = queryOptions({
  queryKey: ['agents', 'servers'],
  queryFn: ({ signal }) => call('GET /v1/agents/tool-servers', { signal }),
  refetchInterval: againEveryMs,
});

export function serverQuery(id: string) {
  return queryOptions({
    queryKey: ['agents', 'servers', id],
    queryFn: ({ signal }) => call('GET /v1/agents/tool-servers/{id}', { params: { id }, signal }),
    refetchInterval: againEveryMs,
  });
}

/** Named by what is looked at: when the tool says something else, that is another question. */
export function toolQuery(id: string, tool: Pick<ServerTool, 'id' | 'digest' | 'state'>) {
  return queryOptions({
    queryKey: ['agents', 'servers', id, tool.id, tool.digest, tool.state],
    queryFn: ({ signal }) =>
      call('GET /v1/agents/tool-servers/{id}/tools/{tool}', { params: { id, tool: tool.id }, signal }),
  });
}
