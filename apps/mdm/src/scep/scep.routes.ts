import { defineErrors } from '@espalier/contracts';
import type { DeviceRequest, DeviceResponse, DeviceRoute } from '@espalier/dmz-link';
import {
  buildCaCertReply,
  decodeGetMessage,
  formatCapabilities,
  scepContentTypes,
  ScepError,
} from '@espalier/scep';
import { Counter, type Registry } from '@espalier/service-kit';
import type { CertificateAuthority } from './certificate-authority.js';
import type { ScepService } from './scep.service.js';

export const scepErrors = defineErrors({
  ESP_SCEP_OPERATION_UNKNOWN: {
    status: 400,
    level: 'info',
    title: 'There is no such SCEP operation.',
    mend: 'Ask for GetCACaps, GetCACert or PKIOperation.',
  },
  ESP_SCEP_MESSAGE_INVALID: { status: 400, level: 'info', title: 'The SCEP message cannot be read.' },
});

/** A request with a 4096-bit key is about 5 KB. */
const MESSAGE_BYTES = 64 * 1024;

/** GET and POST /mdm/scep (RFC 8894 §4). */
export function scepRoutes(options: {
  readonly scep: ScepService;
  readonly ca: CertificateAuthority;
  readonly metrics: Registry;
}): DeviceRoute[] {
  const requests = new Counter({
    name: 'espalier_scep_requests_total',
    help: 'SCEP requests by operation and result',
    labelNames: ['operation', 'result'],
    registers: [options.metrics],
  });
  const capabilities = Buffer.from(
    formatCapabilities(['Renewal', 'SHA-1', 'SHA-256', 'AES', 'DES3', 'SCEPStandard', 'POSTPKIOperation']),
  );
  const caCertificate = buildCaCertReply([options.ca.certificate.raw]);

  const handle = async (request: DeviceRequest): Promise<DeviceResponse> => {
    const operation = request.query.get('operation') ?? '';
    switch (operation) {
      case 'GetCACaps':
        requests.inc({ operation, result: 'ok' });
        return {
          status: 200,
          headers: { 'content-type': scepContentTypes.capabilities },
          body: capabilities,
        };
      case 'GetCACert':
        requests.inc({ operation, result: 'ok' });
        return {
          status: 200,
          headers: { 'content-type': caCertificate.contentType },
          body: caCertificate.body,
        };
      case 'PKIOperation': {
        const { reply, result } = await operate(request, options.scep);
        requests.inc({ operation, result });
        return { status: 200, headers: { 'content-type': scepContentTypes.pkiMessage }, body: reply };
      }
      default:
        throw scepErrors.ESP_SCEP_OPERATION_UNKNOWN();
    }
  };
  return [
    {
      id: 'mdm-scep',
      prefix: '/mdm/scep',
      methods: ['GET', 'POST'],
      auth: 'none',
      maxBody: MESSAGE_BYTES,
      timeoutMs: 30_000,
      // The same request gives the same certificate, so that GET may be sent again.
      retry: 'safe',
      handle,
    },
  ];
}

async function operate(request: DeviceRequest, scep: ScepService): ReturnType<ScepService['operate']> {
  try {
    const message =
      request.method === 'POST' ? await request.body() : decodeGetMessage(request.query.get('message') ?? '');
    return await scep.operate(message);
  } catch (error) {
    if (error instanceof ScepError)
      throw scepErrors.ESP_SCEP_MESSAGE_INVALID({ detail: error.message, cause: error });
    throw error;
  }
}
