import { createHash, type KeyObject } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Identity } from '@espalier/cms';
import {
  buildGetCertInitial,
  buildPkcsReq,
  chooseAlgorithms,
  encodeGetMessage,
  parseCaCertReply,
  parseCapabilities,
  parseCertRep,
  ScepError,
  scepContentTypes,
  type CertRep,
  type ScepCapability,
  type SentRequest,
} from '@espalier/scep';
import {
  checkIssued,
  createCsr,
  createSelfSigned,
  exportSpki,
  parseCertificate,
  X509Error,
  type Certificate,
  type NameInput,
} from '@espalier/x509';
import type { HttpClient, HttpReply } from '../http/http-client.js';
import { busyServer, withRetry, type RetryOptions } from '../http/retry.js';
import type { DeviceIdentity } from '../identity/device-identity.js';
import type { ScepPlan } from '../profile/enrollment-plan.js';
import { simErrors } from '../sim-devices.errors.js';

const DAY_MS = 86_400_000;

export interface ScepEnrollment {
  readonly plan: ScepPlan;
  readonly device: DeviceIdentity;
  readonly key: KeyObject;
  readonly http: HttpClient;
  readonly retry: RetryOptions;
  readonly now: () => Date;
}

/**
 * Gets a device its certificate (RFC 8894): GetCACaps, GetCACert with the fingerprint checked, PKIOperation.
 * @returns DER
 * @throws EspalierError ESP_SIM_SCEP_CA_MISMATCH, ESP_SIM_SCEP_REFUSED, ESP_SIM_SCEP_INVALID, or of the connection
 */
export async function enrollByScep(enrollment: ScepEnrollment): Promise<Buffer> {
  try {
    return await new ScepEnroller(enrollment).enroll();
  } catch (error) {
    if (!(error instanceof ScepError) && !(error instanceof X509Error)) throw error;
    throw simErrors.ESP_SIM_SCEP_INVALID({ detail: error.message, cause: error });
  }
}

class ScepEnroller {
  constructor(private readonly options: ScepEnrollment) {}

  async enroll(): Promise<Buffer> {
    const { plan, device, key } = this.options;
    const capabilities = await this.#capabilities();
    const { recipient, trusted } = await this.#caCertificates();
    const subject = plan.subject.map(([type, value]) => [type, fillIn(value, device)]) as NameInput;
    const signer = this.#temporaryIdentity(subject);
    const csr = createCsr({
      subject,
      key,
      san: plan.san,
      ...(plan.challenge !== undefined && { challengePassword: plan.challenge }),
    });
    const common = {
      csr,
      signer,
      recipient: recipient.raw,
      // The same after a restart, so that a server can give the same certificate again; another for each device,
      // even where keys are shared.
      transactionId: createHash('sha256').update(exportSpki(key)).update(device.udid).digest('hex'),
      ...chooseAlgorithms(capabilities),
      signingTime: this.options.now(),
    };
    let request = buildPkcsReq(common);
    for (let polls = 0; ; polls += 1) {
      const reply = await this.#operate(request, signer, trusted, capabilities);
      if (reply.status === 'SUCCESS') return this.#check(reply.certificate, trusted);
      if (reply.status === 'FAILURE')
        throw simErrors.ESP_SIM_SCEP_REFUSED({
          detail: `${reply.failInfo ?? 'no reason'} ${reply.failInfoText ?? ''}`.trim(),
        });
      if (polls >= plan.retries) throw simErrors.ESP_SIM_SCEP_REFUSED({ detail: 'It is still pending.' });
      await wait(plan.retryDelaySeconds * 1000, undefined, { signal: this.options.retry.signal }).catch(
        () => {
          throw simErrors.ESP_SIM_STOPPED();
        },
      );
      request = buildGetCertInitial(common);
    }
  }

  async #capabilities(): Promise<ReadonlySet<ScepCapability>> {
    const { body } = await this.#call('GetCACaps');
    return parseCapabilities(body.toString('latin1'));
  }

  async #caCertificates(): Promise<{ recipient: Certificate; trusted: readonly Certificate[] }> {
    const { caFingerprint } = this.options.plan;
    const { body, headers } = await this.#call('GetCACert');
    const found = parseCaCertReply({ contentType: headers['content-type'] ?? '', body }).map(
      parseCertificate,
    );
    const anchors =
      caFingerprint === undefined ? found : found.filter((one) => hasFingerprint(one.raw, caFingerprint));
    if (anchors.length === 0) throw simErrors.ESP_SIM_SCEP_CA_MISMATCH();
    const trusted = found.filter(
      (one) => anchors.includes(one) || anchors.some((ca) => this.#issued(one, ca)),
    );
    // An RA certificate, where there is one, is what requests are encrypted to (RFC 8894 §2.1.2).
    const recipient = trusted.find((one) => !one.isCa && one.keyUsage?.includes('keyEncipherment') === true);
    return { recipient: recipient ?? (anchors[0] as Certificate), trusted };
  }

  #issued(certificate: Certificate, ca: Certificate): boolean {
    try {
      checkIssued(certificate, ca, { now: this.options.now(), eku: null });
      return true;
    } catch (error) {
      if (error instanceof X509Error) return false;
      throw error;
    }
  }

  /** Self-signed, only to sign the request with and to receive the answer (RFC 8894 §2.3). */
  #temporaryIdentity(subject: NameInput): Identity {
    const { key } = this.options;
    const now = this.options.now().getTime();
    const certificate = createSelfSigned({
      subject,
      key,
      notBefore: new Date(now - DAY_MS),
      notAfter: new Date(now + 7 * DAY_MS),
      extensions: { keyUsage: ['digitalSignature', 'keyEncipherment'] },
    });
    return { certificate, key };
  }

  async #operate(
    request: SentRequest,
    signer: Identity,
    trusted: readonly Certificate[],
    capabilities: ReadonlySet<ScepCapability>,
  ): Promise<CertRep> {
    const byPost = capabilities.has('POSTPKIOperation') || capabilities.has('SCEPStandard');
    const { body, headers } = await this.#call('PKIOperation', request.der, byPost);
    if (mediaType(headers) !== scepContentTypes.pkiMessage)
      throw simErrors.ESP_SIM_SCEP_INVALID({
        detail: 'The answer to PKIOperation has another content type.',
      });
    return parseCertRep(body, { request, signer, caCertificates: trusted.map(({ raw }) => raw) });
  }

  #check(der: Buffer, trusted: readonly Certificate[]): Buffer {
    const certificate = parseCertificate(der);
    const now = this.options.now();
    if (now < certificate.notBefore || now > certificate.notAfter)
      throw simErrors.ESP_SIM_SCEP_INVALID({ detail: 'The issued certificate is not valid now.' });
    if (!trusted.some((ca) => this.#issued(certificate, ca)))
      throw simErrors.ESP_SIM_SCEP_INVALID({ detail: 'The issued certificate is not by that CA.' });
    return der;
  }

  #call(operation: 'GetCACaps' | 'GetCACert'): Promise<HttpReply>;
  #call(operation: 'PKIOperation', message: Buffer, byPost: boolean): Promise<HttpReply>;
  #call(operation: string, message?: Buffer, byPost = false): Promise<HttpReply> {
    const { plan, http, retry, now } = this.options;
    const url = new URL(plan.url);
    url.searchParams.set('operation', operation);
    if (message === undefined && plan.name !== undefined) url.searchParams.set('message', plan.name);
    const inQuery = message !== undefined && !byPost;
    // Appended as it is: URLSearchParams would write a space as a plus sign.
    const href = inQuery ? `${url.href}&message=${encodeGetMessage(message)}` : url.href;
    return withRetry(async () => {
      const reply = await http.request({
        method: byPost ? 'POST' : 'GET',
        url: href,
        signal: retry.signal,
        ...(byPost &&
          message !== undefined && {
            body: message,
            headers: { 'content-type': scepContentTypes.pkiMessage },
          }),
      });
      if (reply.status === 200) return reply;
      const busy = busyServer(reply, now());
      if (busy !== undefined) return busy;
      throw simErrors.ESP_SIM_REQUEST_REFUSED({ detail: `${operation} was answered with ${reply.status}.` });
    }, retry);
  }
}

function mediaType(headers: HttpReply['headers']): string | undefined {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
}

const digests: Readonly<Record<number, string>> = { 20: 'sha1', 32: 'sha256', 64: 'sha512' };

/** The length of a fingerprint tells its digest. */
function hasFingerprint(der: Buffer, wanted: Buffer): boolean {
  const digest = digests[wanted.length];
  return digest !== undefined && createHash(digest).update(der).digest().equals(wanted);
}

/** The variables of Apple's profiles that devices fill in. */
function fillIn(value: string, device: DeviceIdentity): string {
  return value
    .replaceAll('%SerialNumber%', device.serial)
    .replaceAll(/%(?:HardwareUUID|UDID)%/g, device.udid)
    .replaceAll(/%(?:ComputerName|DeviceName|HostName|LocalHostName)%/g, device.name);
}
