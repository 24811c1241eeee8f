import { IconDeviceMobile, IconNetwork } from '@tabler/icons-react';
import { Link } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';

/** What belongs here, and the two ways that bring it. */
export function NoCameras({ me, onAdd }: { readonly me: Me; readonly onAdd: () => void }) {
  const mayEnrol = may(me, 'devices:manage');
  const mayAdd = may(me, 'cameras:manage');
  return (
    <div className="sheet">
      <div className="empty">
        <svg
          viewBox="0 0 96 72"
          fill="none"
          stroke="currentColor"
          strokeWidth="2.2"
          strokeLinecap="round"
          aria-hidden="true"
        >
          <path d="M10 66V34a20 20 0 0 1 40 0v32M4 66h88" />
          <path d="M20 66V38a10 10 0 0 1 20 0v28M30 28v38" strokeDasharray="2 5" />
          <path d="m62 20 22 8-5 12-22-8ZM70 38v16M62 54h16M84 28l6-1" />
          <circle cx="76" cy="31" r="2.4" />
        </svg>
        <h2>No camera yet</h2>
        <p>
          An old phone is a camera: it keeps filming when the network is gone, and uploads what you missed. Or give the
          address of a camera you have.
        </p>
        <div className="camera-ways">
          {mayEnrol ? (
            <Link href="/devices?enrol=1" className="choice">
              <IconDeviceMobile size={26} stroke={1.6} aria-hidden="true" />
              <span>
                <strong>Make a phone a camera</strong>
                <span className="quiet small">Scan a code, compare a fingerprint, done in a minute</span>
              </span>
            </Link>
          ) : null}
          {mayAdd ? (
            <button type="button" className="choice" onClick={onAdd}>
              <IconNetwork size={26} stroke={1.6} aria-hidden="true" />
              <span>
                <strong>Add a network camera</strong>
                <span className="quiet small">RTSP or MJPEG, by its address</span>
              </span>
            </button>
          ) : null}
        </div>
        {mayEnrol || mayAdd ? null : <p className="quiet">An administrator adds cameras.</p>}
      </div>
    </div>
  );
}
