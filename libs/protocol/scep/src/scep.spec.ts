import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createEnvelopedData, createSignedData } from '@espalier/cms';
import { checkIssued, createCsr, createSelfSigned, formatName, parseCertificate } from '@espalier/x509';
import {
  buildCaCertReply,
  buildCertRep,
  buildGetCertInitial,
  buildPkcsReq,
  chooseAlgorithms,
  decodeGetMessage,
  encodeGetMessage,
  formatCapabilities,
  parseCaCertReply,
  parseCapabilities,
  parseCertRep,
  parsePkiMessage,
  type PkcsReqInput,
  ScepError,
  type SentRequest,
} from './index.js';
import { sealPkiEnvelope } from './pki-envelope.codec.js';
import { answerPkiOperation, createSpecCa } from './scep.fixture.js';

const ca = createSpecCa();
const caCertificate = Buffer.from(ca.identity.certificate);
const recipient = { recipientCertificate: caCertificate, recipientKey: ca.identity.key };
const subject = { CN: 'mac-1' };
const signer = ca.selfSigned(subject);
const csr = createCsr({ subject, key: ca.clientKey, challengePassword: 'once' });

function send(changes: Partial<PkcsReqInput> = {}): SentRequest {
  return buildPkcsReq({ csr, signer, recipient: caCertificate, ...changes });
}

function read(
  reply: Buffer,
  request: SentRequest,
  caCertificates = [caCertificate],
): ReturnType<typeof parseCertRep> {
  return parseCertRep(reply, { request, signer, caCertificates });
}

function faultOf(action: () => unknown): ScepError {
  try {
    action();
  } catch (error) {
    if (error instanceof ScepError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('enrolment', () => {
  it('gives the client the certificate for its key, with every cipher and digest mirrored', () => {
    const pairs = [
      ['aes-128-cbc', 'sha256'],
      ['aes-256-cbc', 'sha512'],
      ['des-ede3-cbc', 'sha1'],
      ['des-cbc', 'sha1'],
    ] as const;
    for (const [cipher, digest] of pairs) {
      const request = send({ cipher, digest });
      const parsed = parsePkiMessage(request.der, recipient);
      expect([parsed.cipher, parsed.digest, parsed.transactionId]).toEqual([
        cipher,
        digest,
        request.transactionId,
      ]);
      const reply = read(answerPkiOperation(ca, request.der, 'once'), request);
      if (reply.status !== 'SUCCESS') throw new Error(reply.status);
      const issued = parseCertificate(reply.certificate);
      expect(formatName(issued.subject)).toBe('CN=mac-1');
      expect(reply.certificates.length).toBe(2);
      checkIssued(issued, parseCertificate(caCertificate), { now: new Date() });
    }
  });

  it('tells the server what it needs to decide', () => {
    const parsed = parsePkiMessage(send({ messageType: 'RenewalReq', transactionId: 'T 1' }).der, recipient);
    if (parsed.messageType !== 'RenewalReq') throw new Error(parsed.messageType);
    expect(parsed.csr.challengePassword).toBe('once');
    expect(parsed.signedByRequestedKey).toBe(true);
    expect(parsed.transactionId).toBe('T 1');
    expect(parsed.signerCertificate.equals(signer.certificate)).toBe(true);
  });

  it('shows that a renewal is signed by another key', () => {
    const fresh = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const parsed = parsePkiMessage(send({ csr: createCsr({ subject, key: fresh }) }).der, recipient);
    expect('signedByRequestedKey' in parsed && parsed.signedByRequestedKey).toBe(false);
  });

  it('passes refusal and waiting on, with the reason', () => {
    const request = send();
    expect(read(answerPkiOperation(ca, request.der, 'other'), request)).toEqual({
      status: 'FAILURE',
      failInfo: 'badRequest',
      failInfoText: undefined,
    });
    const header = parsePkiMessage(request.der, recipient);
    const basics = { request: header, signer: ca.identity };
    const told = buildCertRep({
      ...basics,
      status: 'FAILURE',
      failInfo: 'badTime',
      failInfoText: 'challenge expired',
    });
    expect(read(told, request)).toMatchObject({ failInfo: 'badTime', failInfoText: 'challenge expired' });
    expect(read(buildCertRep({ ...basics, status: 'PENDING' }), request)).toEqual({ status: 'PENDING' });
  });

  it('polls for a pending certificate by issuer and subject', () => {
    const { transactionId } = send();
    const poll = buildGetCertInitial({ csr, signer, recipient: caCertificate, transactionId });
    const parsed = parsePkiMessage(poll.der, recipient);
    if (parsed.messageType !== 'GetCertInitial') throw new Error(parsed.messageType);
    expect(formatName(parsed.issuer)).toBe('CN=Spec CA,O=Espalier');
    expect(formatName(parsed.subject)).toBe('CN=mac-1');
    expect(parsed.transactionId).toBe(transactionId);
  });
});

describe('parsePkiMessage', () => {
  it('refuses a message whose signature does not hold: nothing to answer', () => {
    const message = Buffer.from(send().der);
    message[message.length - 1] = (message[message.length - 1] ?? 0) ^ 1;
    const fault = faultOf(() => parsePkiMessage(message, recipient));
    expect([fault.code, fault.failInfo, fault.request]).toEqual([
      'ESP_SCEP_SIGNATURE',
      'badMessageCheck',
      undefined,
    ]);
  });

  it('says the same of content for another CA, of nonsense inside, and of a request with a broken signature', () => {
    const brokenCsr = Buffer.from(csr);
    brokenCsr.write('X', brokenCsr.indexOf('once'));
    const messages = [
      send({ recipient: signer.certificate }).der,
      sealed(createEnvelopedData({ content: randomBytes(64), recipients: [caCertificate] })),
      sealed(createEnvelopedData({ content: brokenCsr, recipients: [caCertificate] })),
      sealed(Buffer.from('no envelope')),
    ];
    const faults = messages.map((message) => faultOf(() => parsePkiMessage(message, recipient)));
    const told = faults.map(({ code, failInfo, message, request }) => ({
      code,
      failInfo,
      message,
      cipher: request?.cipher,
    }));
    expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(told[0]).toMatchObject({ code: 'ESP_SCEP_CONTENT', failInfo: 'badMessageCheck' });
    expect(faults.every(({ request }) => request !== undefined)).toBe(true);
  });

  it('refuses messages without the attributes of SCEP, replies as requests, and unknown types', () => {
    const bare = createSignedData({ content: Buffer.from('x'), signer });
    expect(faultOf(() => parsePkiMessage(bare, recipient)).message).toContain('no message type');
    for (const messageType of ['3', '99']) {
      const fault = faultOf(() => parsePkiMessage(sealed(Buffer.from('x'), messageType), recipient));
      expect(fault.code).toBe('ESP_SCEP_UNSUPPORTED');
    }
  });

  it('refuses more than 2 MiB before reading it', () => {
    const fault = faultOf(() => parsePkiMessage(Buffer.alloc(2 * 1024 * 1024 + 1, 0x30), recipient));
    expect(fault.code).toBe('ESP_SCEP_MALFORMED');
  });

  function sealed(content: Buffer, messageType = '19'): Buffer {
    const senderNonce = randomBytes(16);
    return sealPkiEnvelope({
      messageType,
      transactionId: 'T',
      senderNonce,
      content,
      signer,
      digest: 'sha256',
    });
  }
});

describe('parseCertRep', () => {
  it('refuses replies of another CA, to another request, and requests as replies', () => {
    const request = send();
    const reply = answerPkiOperation(ca, request.der, 'once');
    const stranger = Buffer.from(signer.certificate);
    expect(faultOf(() => read(reply, request, [stranger])).code).toBe('ESP_SCEP_REPLY');
    expect(faultOf(() => read(reply, send())).message).toContain('another request');
    expect(
      faultOf(() => read(reply, send({ senderNonce: request.senderNonce, transactionId: 'x' }))).code,
    ).toBe('ESP_SCEP_REPLY');
    expect(faultOf(() => read(request.der, request, [stranger])).message).toContain('no CertRep');
  });

  it('refuses a certificate for a key that was not asked for', () => {
    const request = send();
    const parsed = parsePkiMessage(request.der, recipient);
    const certificate = caCertificate;
    const reply = buildCertRep({ status: 'SUCCESS', request: parsed, signer: ca.identity, certificate });
    expect(faultOf(() => read(reply, request)).message).toContain('requested key');
  });

  it('says clearly that an EC client cannot receive a reply', () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const times = { notBefore: new Date('2026-01-01'), notAfter: new Date('2040-01-01') };
    const request = send({ signer: { key, certificate: createSelfSigned({ subject, key, ...times }) } });
    expect(faultOf(() => answerPkiOperation(ca, request.der, 'once')).message).toContain('only RSA keys');
  });
});

describe('transport', () => {
  it('sends one CA certificate as it is and several as PKCS#7, and reads both', () => {
    const single = buildCaCertReply([caCertificate]);
    const several = buildCaCertReply([caCertificate, signer.certificate]);
    expect(single).toEqual({ contentType: 'application/x-x509-ca-cert', body: caCertificate });
    expect(several.contentType).toBe('application/x-x509-ca-ra-cert');
    expect(parseCaCertReply(single)).toEqual([caCertificate]);
    expect(parseCaCertReply(several)).toEqual([caCertificate, signer.certificate]);
    expect(faultOf(() => parseCaCertReply({ ...single, body: Buffer.from('<html>') })).code).toBe(
      'ESP_SCEP_MALFORMED',
    );
  });

  it('carries a message in a query, also where + arrives as space or as base64url', () => {
    const message = Buffer.from('fbefbe00ff', 'hex');
    expect(encodeGetMessage(message)).toBe('%2B%2B%2B%2BAP8%3D');
    expect(decodeGetMessage('++++AP8=')).toEqual(message);
    expect(decodeGetMessage('    AP8=')).toEqual(message);
    expect(decodeGetMessage('--__AP8')).toEqual(Buffer.from('++//AP8', 'base64'));
    expect(faultOf(() => decodeGetMessage('*')).code).toBe('ESP_SCEP_MALFORMED');
    expect(faultOf(() => decodeGetMessage('A'.repeat(3 * 1024 * 1024))).code).toBe('ESP_SCEP_MALFORMED');
  });

  it('reads and writes capabilities, skips unknown words, and chooses the best in common', () => {
    const text = formatCapabilities([
      'Renewal',
      'SHA-1',
      'SHA-256',
      'AES',
      'DES3',
      'SCEPStandard',
      'POSTPKIOperation',
    ]);
    expect(text.split('\n').length).toBe(8);
    expect(chooseAlgorithms(parseCapabilities(text))).toEqual({ cipher: 'aes-128-cbc', digest: 'sha256' });
    const old = parseCapabilities('DES3\r\nsha-1\r\nTeleport');
    expect([...old]).toEqual(['DES3', 'SHA-1']);
    expect(chooseAlgorithms(old)).toEqual({ cipher: 'des-ede3-cbc', digest: 'sha1' });
    expect(chooseAlgorithms(parseCapabilities(''))).toEqual({ cipher: 'des-cbc', digest: 'sha1' });
  });
});
