// A process of ours that has started threads once it answers.
import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { createFramePeer } from '@sallyport/platform/frames';

const peer = createFramePeer(new Socket({ fd: 3, readable: true, writable: true }), {
  started: async () => {
    await promisify(randomBytes)(16);
    return { head: {} };
  },
});
void peer.closed.then(() => process.exit(0));
