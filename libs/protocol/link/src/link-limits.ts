/** ALPN of a TLS client that becomes the HTTP/2 server (draft-thomson-ptth-potato). */
export const LINK_ALPN = 'rh2';
/** Server name that the dialler sends: with it the listener can choose a context that trusts exactly the pins. */
export const LINK_SERVER_NAME = 'link';
/** The only version of hello and events that there is. */
export const LINK_VERSION = 1;
export const HELLO_PATH = '/.link/v1/hello';
export const EVENTS_PATH = '/.link/v1/events';

/** Times of a link; specs shorten them. All in milliseconds. */
export interface LinkTimings {
  /** From the TLS handshake to an accepted hello. */
  readonly helloMs: number;
  readonly pingIntervalMs: number;
  /** Without an answer to a PING for this long the link is dead. */
  readonly pingTimeoutMs: number;
}

export const defaultTimings: LinkTimings = { helloMs: 5_000, pingIntervalMs: 10_000, pingTimeoutMs: 5_000 };

/**
 * Credit per stream: what a stalled device can make either end buffer. With the session's window below, eight
 * streams fill a link of 20 ms round trip at more than 80 MB/s.
 */
export const STREAM_WINDOW = 256 * 1024;
export const SESSION_WINDOW = 16 * 1024 * 1024;
/** Node's unit: megabytes. A session beyond it resets new streams. */
export const SESSION_MEMORY_MB = 64;

/** Node's http2 resets a stream above 128 pairs and kills the whole link above 64 KiB: stay well below. */
export const MAX_HEADER_PAIRS = 100;
export const MAX_HEADER_BYTES = 32 * 1024;

/** Largest hello and largest line of events. */
export const MAX_MESSAGE_BYTES = 256 * 1024;
export const MAX_ROUTES = 1_000;
