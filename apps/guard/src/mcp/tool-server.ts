import { createHash } from 'node:crypto';
import type { ReadMessage, RpcMessage } from './json-rpc.ts';

/** Who hears what an MCP server says. */
export type ToolServerListener = {
  message(message: ReadMessage): void;
  /** It is gone, and will say nothing more. Once. */
  closed(reason: string): void;
};

/** An MCP server behind the gateway, however it is reached. What it sends is any text whatever. */
export type ToolServer = {
  readonly transport: 'stdio' | 'http';
  /** How it is started or where it is, with a digest of the whole: its identity, beside its name. Holds no secret. */
  readonly target: string;
  /** What it turned out to speak, where that is not what the handshake says. */
  readonly protocol?: () => string | undefined;
  /** To be called once, before anything is sent. Rejects when it cannot be reached. */
  open(listener: ToolServerListener): Promise<void>;
  /** Rejects when the message cannot be handed over. */
  send(message: RpcMessage): Promise<void>;
  /** Ends it, by force where it does not end by itself. */
  close(): Promise<void>;
};

/** What may be shown of where a server is, and which one it is: `npx server --token=… sha256:9f86…`. */
export function withDigest(shown: string, whole: string): string {
  return `${shown} sha256:${createHash('sha256').update(whole).digest('hex')}`;
}
