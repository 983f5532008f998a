import { ConfigProfileError } from './config-profile.error.js';
import type { EnrollmentProfileOptions, ScepPayloadOptions } from './enrollment-profile.options.js';

const allAccessRights = 8191;
const capabilities: readonly string[] = [
  'com.apple.mdm.per-user-connections',
  'com.apple.mdm.bootstraptoken',
  'com.apple.mdm.token',
];

/** Refuses what devices would refuse, or what would weaken the identity (com.apple.mdm, com.apple.security.scep). */
export function checkEnrollmentOptions(options: EnrollmentProfileOptions): void {
  requireText('organization', options.organization);
  requireText('displayName', options.displayName);
  if (!/^[\w-]+(?:\.[\w-]+)+$/.test(options.identifier)) {
    throw new ConfigProfileError('must be a reverse-DNS name such as com.example.enrolment', 'identifier');
  }
  requireUrl('serverUrl', options.serverUrl, ['https:']);
  if (options.checkInUrl !== undefined) requireUrl('checkInUrl', options.checkInUrl, ['https:']);
  if (!/^com\.apple\.mgmt\.\S+$/.test(options.topic)) {
    throw new ConfigProfileError('must begin with com.apple.mgmt.', 'topic');
  }
  checkScep(options.scep);
  if (options.accessRights !== undefined) checkAccessRights(options.accessRights);
  checkCapabilities(options.serverCapabilities ?? []);
}

function checkScep(scep: ScepPayloadOptions): void {
  requireUrl('scep.url', scep.url, ['https:', 'http:']);
  if (scep.subject.length === 0) throw new ConfigProfileError('must not be empty', 'scep.subject');
  scep.subject.forEach(([type, value], index) => {
    if (!/^(?:CN|O|OU|C|L|ST|\d+(?:\.\d+)+)$/.test(type)) {
      throw new ConfigProfileError(
        'must be CN, O, OU, C, L, ST or a dotted OID',
        `scep.subject[${index}][0]`,
      );
    }
    requireText(`scep.subject[${index}][1]`, value);
  });
  if (scep.keySize !== undefined && scep.keySize !== 2048 && scep.keySize !== 4096) {
    throw new ConfigProfileError('must be 2048 or 4096', 'scep.keySize');
  }
  if (scep.keyUsage !== undefined && ![1, 4, 5].includes(scep.keyUsage)) {
    throw new ConfigProfileError('must be 1 (signing), 4 (encryption) or 5 (both)', 'scep.keyUsage');
  }
}

function checkAccessRights(rights: number): void {
  const has = (bit: number): boolean => (rights & bit) !== 0;
  const wrong = (problem: string): ConfigProfileError => new ConfigProfileError(problem, 'accessRights');
  if (!Number.isInteger(rights) || rights < 1 || rights > allAccessRights)
    throw wrong('must be from 1 to 8191');
  if (has(2) && !has(1)) throw wrong('holds 2 (change profiles) without 1 (see profiles)');
  if (has(128) && !has(64)) throw wrong('holds 128 (change provisioning profiles) without 64 (see them)');
}

function checkCapabilities(wanted: readonly string[]): void {
  for (const [index, capability] of wanted.entries()) {
    const key = `serverCapabilities[${index}]`;
    if (!capabilities.includes(capability))
      throw new ConfigProfileError('is not a capability that Apple names', key);
    if (wanted.indexOf(capability) !== index) throw new ConfigProfileError('stands twice', key);
  }
}

function requireText(key: string, value: string): void {
  if (value.trim() === '') throw new ConfigProfileError('must not be empty', key);
}

function requireUrl(key: string, value: string, protocols: readonly string[]): void {
  const url = URL.parse(value);
  if (url === null || !protocols.includes(url.protocol) || url.hash !== '' || url.username !== '') {
    const names = protocols.map((protocol) => protocol.slice(0, -1)).join(' or ');
    throw new ConfigProfileError(`must be an absolute ${names} URL without user and fragment`, key);
  }
}
