import { createSyslogFramer } from '@sallyport/log-formats/syslog';
import type { SyslogFrame } from '@sallyport/log-formats/syslog';
import type { EventBytes } from './event-bytes.ts';
import type { IntakeLimits } from './limits.ts';
import { isBlank } from './split-lines.ts';
import type { EventSplitter } from './split-lines.ts';

/** Messages of syslog as they come over a stream (RFC 6587): counted, or a line each; the first one decides. */
export function createSyslogSplitter(limits: Pick<IntakeLimits, 'maxEventBytes'>): EventSplitter {
  const framer = createSyslogFramer({ maxMessageBytes: limits.maxEventBytes });
  function* eventsOf(frames: readonly SyslogFrame[]): Generator<EventBytes> {
    for (const frame of frames) {
      const fault = frame.droppedBytes > 0 || frame.state === 'cut_off';
      if (fault || !isBlank(frame.bytes)) yield { bytes: frame.bytes, ...(fault && { fault: 'message_cut' }) };
    }
  }
  return {
    *push(chunk) {
      yield* eventsOf(framer.push(chunk));
    },
    *end() {
      // A last line without its end is a whole one in a body.
      for (const frame of framer.end())
        yield* eventsOf([framer.framing() === 'octet_counting' ? frame : { ...frame, state: 'complete' }]);
    },
    get heldBytes() {
      return framer.heldBytes();
    },
  };
}
