import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { DeviceRequest, DeviceResponse, DeviceRoute } from '@espalier/dmz-link';

/** What the routes below tell a spec: `{upload: 'begun' | 'whole' | 'cut', bytes}`. */
export interface UploadReport {
  readonly upload: 'begun' | 'whole' | 'cut';
  readonly bytes: number;
}

export const PART_BYTES = 300_000;
export const DECLARED_BYTES = 1_000_000;

/** Gives a part of a body and then nothing more. */
function stalling(): Readable {
  let given = false;
  return new Readable({
    read() {
      if (!given) this.push(Buffer.alloc(PART_BYTES, 'p'));
      given = true;
    },
  });
}

function endingWith(end: (stream: Readable) => void): Readable {
  let given = false;
  return new Readable({
    read() {
      if (given) return;
      given = true;
      this.push(Buffer.alloc(PART_BYTES, 'p'));
      setTimeout(() => end(this), 50);
    },
  });
}

/** Routes of an inside service for specs, below `/mdm/`. */
export function testRoutes(reports = new EventEmitter<{ report: [UploadReport] }>()): DeviceRoute[] {
  const route = (
    path: string,
    handle: (request: DeviceRequest) => Promise<DeviceResponse> | DeviceResponse,
    more: Partial<DeviceRoute> = {},
  ): DeviceRoute => ({
    id: path.replaceAll('/', '-').replace(/^-|-$/g, ''),
    prefix: `/mdm/${path}`,
    methods: ['GET', 'HEAD'],
    auth: 'none',
    maxBody: 1024 * 1024,
    timeoutMs: 5_000,
    retry: 'safe',
    handle: async (request) => {
      const answer = await handle(request);
      return answer;
    },
    ...more,
  });
  const upload = { methods: ['PUT', 'POST'], retry: 'never' } as const;
  const sized = { 'content-length': String(DECLARED_BYTES) };
  return [
    route('small', () => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(512) })),
    route('unauthorized', () => ({ status: 401, body: 'no' })),
    route(
      'slow',
      async (request) => {
        reports.emit('report', { upload: 'begun', bytes: 0 });
        await new Promise((resolve) => setTimeout(resolve, Number(request.query.get('ms'))));
        return { status: 200, body: 'late' };
      },
      { methods: ['GET', 'HEAD', 'PUT'] },
    ),
    route('never', () => new Promise(() => undefined), { timeoutMs: 300 }),
    route('large', () => ({ status: 200, body: Readable.from(chunks(256)) })),
    route('stall/chunked', () => ({ status: 200, body: stalling() })),
    route('stall/sized', () => ({ status: 200, headers: sized, body: stalling() })),
    route('fail/error', () => ({ status: 200, body: endingWith((s) => s.destroy(new Error('disk gone'))) })),
    route('fail/silent', () => ({ status: 200, body: endingWith((s) => s.destroy()) })),
    route('fail/short', () => ({ status: 200, headers: sized, body: endingWith((s) => s.push(null)) })),
    route('throws', () => Promise.reject(new Error('a secret detail'))),
    route('seen', (request) => ({
      status: 200,
      headers: { 'content-type': 'application/json', 'x-hidden': '1', 'pmm-error-source': 'dmz' },
      body: JSON.stringify({
        headers: request.headers,
        query: [...request.query],
        certificate: request.clientCertificate?.toString('base64'),
        verify: request.clientVerify,
        remote: request.remoteAddress,
      }),
    })),
    route('certificate-only', () => ({ status: 200, body: 'welcome' }), { auth: 'cert' }),
    route('echo/', async (request) => ({ status: 200, body: await request.body() }), upload),
    route('mirror/', (request) => ({ status: 200, body: request.stream }), { ...upload, maxBody: 2 ** 30 }),
    route('upload', (request) => receive(request, reports), { ...upload, maxBody: 2 ** 30 }),
  ];
}

function* chunks(count: number): Generator<Buffer> {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(64 * 1024, index);
}

async function receive(
  request: DeviceRequest,
  reports: EventEmitter<{ report: [UploadReport] }>,
): Promise<DeviceResponse> {
  let bytes = 0;
  try {
    for await (const chunk of request.stream) {
      if (bytes === 0) reports.emit('report', { upload: 'begun', bytes: 0 });
      bytes += (chunk as Buffer).length;
    }
  } catch (error) {
    reports.emit('report', { upload: 'cut', bytes });
    throw error;
  }
  reports.emit('report', { upload: 'whole', bytes });
  return { status: 200, body: String(bytes) };
}
