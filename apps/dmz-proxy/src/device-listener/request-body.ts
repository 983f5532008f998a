import type { IncomingMessage } from 'node:http';
import { deviceErrors } from '../device-errors/device-errors.js';
import { WHOLE_BODY_BYTES, type RequestBody } from '../links/exchange.js';
import type { UploadWatch } from './upload-watch.js';

/** A body that is held, or the beginning of one that is not. */
export type ReadBody =
  Exclude<RequestBody, { kind: 'streamed' }> | { readonly kind: 'begun'; readonly head: readonly Buffer[] };

export interface ReadBodyOptions {
  readonly declared: number | undefined;
  readonly chunked: boolean;
  readonly maxBody: number;
  readonly watch: UploadWatch;
}

/**
 * Takes the body of a device's request: a small one whole, so that the inside never sees a part of it and it can be
 * sent again; of a larger one the beginning, with the rest to be streamed.
 * @throws EspalierError ESP_DMZ_TOO_LARGE, ESP_DMZ_SLOW, or ESP_DMZ_BAD_REQUEST where the device cut it
 */
export function readBody(request: IncomingMessage, options: ReadBodyOptions): Promise<ReadBody> | ReadBody {
  const { declared, chunked, maxBody, watch } = options;
  if (!chunked && (declared === undefined || declared === 0)) return { kind: 'none' };
  if (declared !== undefined && declared > maxBody) throw tooLarge(maxBody);
  if (declared !== undefined && declared > WHOLE_BODY_BYTES) return { kind: 'begun', head: [] };

  const { promise, resolve, reject } = Promise.withResolvers<ReadBody>();
  const chunks: Buffer[] = [];
  let size = 0;
  const upload = watch.watch(
    () => false,
    () => settle(() => reject(deviceErrors.ESP_DMZ_SLOW())),
  );
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.length;
    upload.progress(chunk.length);
    if (size > maxBody) settle(() => reject(tooLarge(maxBody)));
    else if (size > WHOLE_BODY_BYTES) settle(() => resolve({ kind: 'begun', head: chunks }));
  };
  const onEnd = (): void => {
    const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    settle(() => resolve({ kind: 'whole', bytes }));
  };
  const onClose = (): void =>
    settle(() => reject(deviceErrors.ESP_DMZ_BAD_REQUEST({ detail: 'The body was cut short.' })));
  function settle(outcome: () => void): void {
    upload.done();
    request.pause();
    request.off('data', onData).off('end', onEnd).off('close', onClose);
    outcome();
  }
  request.on('data', onData).on('end', onEnd).on('close', onClose);
  return promise;
}

export function tooLarge(maxBody: number): Error {
  return deviceErrors.ESP_DMZ_TOO_LARGE({ detail: `At most ${maxBody} bytes are taken here.` });
}
