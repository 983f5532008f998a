import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createSignedData } from '@espalier/cms';
import { buildCheckin, buildReport, checkinContentType, commandContentType } from '@espalier/mdm-protocol';
import { createCertificate, createSelfSigned, parseCertificate } from '@espalier/x509';

export const TOPIC = 'com.apple.mgmt.External.bench';
export const COMMAND_TYPE = 'ProfileList';
const HOUR = 3_600_000;

/**
 * @typedef {object} Device
 * @property {string} udid
 * @property {Buffer} certificate DER
 *
 * @typedef {object} SignedMessage
 * @property {'checkin' | 'connect'} channel
 * @property {string} type its Content-Type
 * @property {Buffer} body
 * @property {string} signature the Mdm-Signature header
 */

/** Devices with a certificate each, and the signed messages that they send. */
export class Fleet {
  // RSA keys take long to make: all devices share one. What servers remember, they remember by certificate.
  #key = generateKeyPairSync('rsa', { modulusLength: 2048 });
  #caKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
  #ca = parseCertificate(
    createSelfSigned({
      subject: { CN: 'Bench CA' },
      key: this.#caKey.privateKey,
      notBefore: new Date(Date.now() - HOUR),
      notAfter: new Date(Date.now() + 24 * HOUR),
      extensions: { basicConstraints: { ca: true }, keyUsage: ['keyCertSign', 'crlSign'] },
    }),
  );

  /** The CA of the devices' identities, PEM. */
  get authority() {
    const certificate = this.#ca.raw.toString('base64').replace(/.{64}/g, '$&\n');
    return {
      certificate: `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`,
      key: this.#caKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }

  /** @returns {Device[]} */
  devices(/** @type {number} */ count) {
    return Array.from({ length: count }, () => {
      const udid = randomUUID().toUpperCase();
      const certificate = createCertificate({
        subject: { CN: udid },
        issuer: this.#ca,
        publicKey: this.#key.publicKey,
        signingKey: this.#caKey.privateKey,
        notBefore: new Date(Date.now() - HOUR),
        notAfter: new Date(Date.now() + 23 * HOUR),
        extensions: { extendedKeyUsage: ['clientAuth'] },
      });
      return { udid, certificate };
    });
  }

  authenticate(/** @type {Device} */ device) {
    const { udid } = device;
    const body = buildCheckin({
      messageType: 'Authenticate',
      enrollment: { udid },
      topic: TOPIC,
      deviceName: 'Bench Mac',
      model: 'Mac15,3',
      modelName: 'MacBook Pro',
      productName: 'Mac15,3',
      serialNumber: udid.replaceAll('-', '').slice(0, 12),
      osVersion: '15.1',
      buildVersion: '24B83',
    });
    return this.#sign(device, 'checkin', body);
  }

  tokenUpdate(/** @type {Device} */ device) {
    const body = buildCheckin({
      messageType: 'TokenUpdate',
      enrollment: { udid: device.udid },
      topic: TOPIC,
      pushMagic: device.udid,
      token: createHash('sha256').update(device.udid).digest(),
    });
    return this.#sign(device, 'checkin', body);
  }

  idle(/** @type {Device} */ device) {
    const body = buildReport({ enrollment: { udid: device.udid }, status: 'Idle' });
    return this.#sign(device, 'connect', body);
  }

  acknowledged(/** @type {Device} */ device, /** @type {string} */ commandUuid) {
    const body = buildReport({
      enrollment: { udid: device.udid },
      status: 'Acknowledged',
      commandUuid,
      result: { ProfileList: [] },
    });
    return this.#sign(device, 'connect', body);
  }

  /**
   * @param {Device} device
   * @param {SignedMessage['channel']} channel
   * @param {Buffer} body
   * @returns {SignedMessage}
   */
  #sign(device, channel, body) {
    const signer = { certificate: device.certificate, key: this.#key.privateKey };
    const signature = createSignedData({ content: body, detached: true, signer }).toString('base64');
    return {
      channel,
      type: channel === 'checkin' ? checkinContentType : commandContentType,
      body,
      signature,
    };
  }
}

/**
 * @param {SignedMessage} message
 * @param {string} path
 * @returns {Buffer} the whole HTTP request
 */
export function httpRequest({ type, body, signature }, path) {
  const head = [
    `PUT ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'User-Agent: MDM/1.0',
    `Content-Type: ${type}`,
    `Mdm-Signature: ${signature}`,
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}
