import { connect, type TLSSocket } from 'node:tls';
import {
  LINK_ALPN,
  LINK_SERVER_NAME,
  LinkError,
  pinRefusalOf,
  type PinRefusal,
  type PinSet,
} from '@espalier/link';

const CONNECT_TIMEOUT_MS = 10_000;

/** The peer did not show a pinned certificate. */
export class PinMismatch extends LinkError {
  constructor(
    readonly reason: PinRefusal,
    options: { readonly cause?: unknown } = {},
  ) {
    super('PIN', `the DMZ did not show a pinned certificate (${reason})`, options);
  }
}

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
  readonly pins: PinSet;
  readonly now: () => Date;
  /** Gives up when it aborts. */
  readonly signal: AbortSignal;
}

/**
 * Opens a TLS 1.3 connection to a DMZ that shows a pinned certificate. It being open says nothing of whether the
 * DMZ accepts ours: TLS 1.3 tells the dialler before the listener has looked.
 * @throws PinMismatch, or LinkError CLOSED, TIMEOUT or PROTOCOL
 */
export async function dial(options: DialOptions): Promise<TLSSocket> {
  const { host, port, certificate, key, pins, now, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({
    host,
    port,
    cert: certificate,
    key,
    ca: pins.trusted,
    // Each pin vouches for itself; without this, of two pins with one subject OpenSSL sees only the first.
    allowPartialTrustChain: true,
    rejectUnauthorized: true,
    servername: LINK_SERVER_NAME,
    // The certificate itself is pinned, so its name says nothing more; the SPKI is compared below.
    checkServerIdentity: () => undefined,
    minVersion: 'TLSv1.3',
    ALPNProtocols: [LINK_ALPN],
  });
  const timer = setTimeout(
    () => reject(new LinkError('TIMEOUT', `no TLS connection in ${CONNECT_TIMEOUT_MS} ms`)),
    CONNECT_TIMEOUT_MS,
  );
  const onAbort = (): void => reject(new LinkError('CLOSED', 'given up'));
  signal.addEventListener('abort', onAbort, { once: true });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    const refusal = pinRefusalOf(error.code);
    reject(
      refusal === undefined
        ? new LinkError('CLOSED', error.message, { cause: error })
        : new PinMismatch(refusal, { cause: error }),
    );
  });
  socket.once('close', () => reject(new LinkError('CLOSED', 'the DMZ closed the connection')));
  socket.once('secureConnect', resolve);
  try {
    if (signal.aborted) onAbort();
    await promise;
    const verdict = pins.check(socket.getPeerX509Certificate(), now());
    if (!verdict.ok) throw new PinMismatch(verdict.reason);
    if (socket.alpnProtocol !== LINK_ALPN) throw new LinkError('PROTOCOL', 'the DMZ does not speak rh2');
    socket.setNoDelay(true);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
