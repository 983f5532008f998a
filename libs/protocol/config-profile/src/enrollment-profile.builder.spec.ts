import { parsePlist, type PlistDict } from '@espalier/plist';
import { ConfigProfileError } from './config-profile.error.js';
import { buildEnrollmentProfile } from './enrollment-profile.builder.js';
import type { EnrollmentProfileOptions } from './enrollment-profile.options.js';
import { makeIdentities } from './fixtures/identities.fixture.js';
import { stableUuid } from './payload-uuid.js';
import { readProfile } from './profile.reader.js';
import { encodeProfile } from './profile.writer.js';

const { root, intermediate } = makeIdentities();

const options: EnrollmentProfileOptions = {
  organization: 'Example & Sons',
  displayName: 'Device management',
  identifier: 'com.example.enrolment',
  serverUrl: 'https://mdm.example.com/mdm/connect',
  checkInUrl: 'https://mdm.example.com/mdm/checkin',
  topic: 'com.apple.mgmt.External.0f6e6b66-5b13-4c6a-a4b8-0d3d3f0f2a11',
  scep: {
    url: 'https://mdm.example.com/scep',
    name: 'espalier',
    challenge: 'one-time',
    subject: [
      ['O', 'Example & Sons'],
      ['CN', 'device-4711'],
    ],
  },
  caCertificates: [root, intermediate],
  serverCapabilities: ['com.apple.mdm.per-user-connections', 'com.apple.mdm.bootstraptoken'],
};

const payloadsOf = (profile: PlistDict): PlistDict[] => profile['PayloadContent'] as PlistDict[];
const payloadOf = (profile: PlistDict, type: string): PlistDict =>
  payloadsOf(profile).find((payload) => payload['PayloadType'] === type) as PlistDict;

describe('buildEnrollmentProfile', () => {
  it('makes a profile that is read back with every payload, and survives the way through XML', () => {
    const profile = buildEnrollmentProfile(options);
    const bytes = encodeProfile(profile);
    expect(parsePlist(bytes)).toEqual(profile);
    expect(readProfile(bytes)).toMatchObject({
      identifier: 'com.example.enrolment',
      displayName: 'Device management',
      organization: 'Example & Sons',
      scope: 'System',
      removalDisallowed: false,
      payloads: [
        { type: 'com.apple.security.root', displayName: 'Example Root CA' },
        { type: 'com.apple.security.pkcs1', displayName: 'Certificate authority' },
        { type: 'com.apple.security.scep', identifier: 'com.example.enrolment.scep' },
        { type: 'com.apple.mdm', identifier: 'com.example.enrolment.mdm' },
      ],
    });
  });

  it('fills the management payload as com.apple.mdm demands and points it to the SCEP identity', () => {
    const profile = buildEnrollmentProfile(options);
    expect(payloadOf(profile, 'com.apple.mdm')).toMatchObject({
      PayloadVersion: 1,
      IdentityCertificateUUID: payloadOf(profile, 'com.apple.security.scep')['PayloadUUID'],
      Topic: options.topic,
      ServerURL: options.serverUrl,
      CheckInURL: options.checkInUrl,
      SignMessage: false,
      CheckOutWhenRemoved: true,
      AccessRights: 8191,
      ServerCapabilities: options.serverCapabilities,
    });
  });

  it('fills the SCEP payload, with 2048 bits instead of the 1024 that Apple assumes', () => {
    expect(payloadOf(buildEnrollmentProfile(options), 'com.apple.security.scep')['PayloadContent']).toEqual({
      URL: 'https://mdm.example.com/scep',
      Name: 'espalier',
      Challenge: 'one-time',
      Subject: [[['O', 'Example & Sons']], [['CN', 'device-4711']]],
      Keysize: 2048,
      'Key Type': 'RSA',
      'Key Usage': 5,
      KeyIsExtractable: false,
    });
  });

  it('carries the CA certificates as DER', () => {
    const profile = buildEnrollmentProfile(options);
    expect(payloadOf(profile, 'com.apple.security.root')['PayloadContent']).toEqual(root);
    expect(payloadOf(profile, 'com.apple.security.pkcs1')['PayloadContent']).toEqual(intermediate);
  });

  it('keeps the UUID of every payload when other payloads come and go, and gives each its own', () => {
    const uuids = (profile: PlistDict): unknown[] =>
      payloadsOf(profile).map((payload) => payload['PayloadUUID']);
    const full = uuids(buildEnrollmentProfile(options));
    const fewer = uuids(buildEnrollmentProfile({ ...options, caCertificates: [intermediate] }));
    expect(full.slice(1)).toEqual(fewer);
    expect(new Set(full).size).toBe(4);
    for (const uuid of full)
      expect(uuid).toMatch(/^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
  });

  it('takes its UUIDs from the caller where one is given', () => {
    const profile = buildEnrollmentProfile({ ...options, uuid: (identifier) => `uuid of ${identifier}` });
    expect(profile['PayloadUUID']).toBe('uuid of com.example.enrolment');
    expect(payloadOf(profile, 'com.apple.mdm')['IdentityCertificateUUID']).toBe(
      'uuid of com.example.enrolment.scep',
    );
  });

  it.each<[Partial<EnrollmentProfileOptions>, string]>([
    [{ organization: ' ' }, 'organization must not be empty'],
    [{ identifier: 'enrolment' }, 'identifier must be a reverse-DNS name'],
    [{ serverUrl: 'http://mdm.example.com' }, 'serverUrl must be an absolute https URL'],
    [{ serverUrl: 'mdm.example.com' }, 'serverUrl must be an absolute https URL'],
    [{ checkInUrl: 'https://user@mdm.example.com' }, 'checkInUrl must be an absolute https URL'],
    [{ topic: 'com.example.push' }, 'topic must begin with com.apple.mgmt.'],
    [{ accessRights: 0 }, 'accessRights must be from 1 to 8191'],
    [{ accessRights: 8192 }, 'accessRights must be from 1 to 8191'],
    [{ accessRights: 2 }, 'accessRights holds 2 (change profiles) without 1'],
    [{ accessRights: 129 }, 'accessRights holds 128'],
    [
      { serverCapabilities: ['com.apple.mdm.token', 'com.apple.mdm.token'] },
      'serverCapabilities[1] stands twice',
    ],
    [{ serverCapabilities: ['other' as 'com.apple.mdm.token'] }, 'serverCapabilities[0] is not a capability'],
    [{ caCertificates: [root, root] }, 'caCertificates[1] stands twice'],
    [{ caCertificates: [Buffer.from('PEM?')] }, 'caCertificates[0] is not a DER certificate'],
    [{ scep: { ...options.scep, url: 'ftp://x' } }, 'scep.url must be an absolute https or http URL'],
    [{ scep: { ...options.scep, subject: [] } }, 'scep.subject must not be empty'],
    [{ scep: { ...options.scep, subject: [['UID', 'x']] } }, 'scep.subject[0][0] must be CN, O'],
    [{ scep: { ...options.scep, subject: [['CN', '']] } }, 'scep.subject[0][1] must not be empty'],
    [{ scep: { ...options.scep, keySize: 1024 as 2048 } }, 'scep.keySize must be 2048 or 4096'],
    [{ scep: { ...options.scep, keyUsage: 2 } }, 'scep.keyUsage must be 1'],
  ])('refuses %p', (wrong, problem) => {
    expect(() => buildEnrollmentProfile({ ...options, ...wrong })).toThrow(ConfigProfileError);
    expect(() => buildEnrollmentProfile({ ...options, ...wrong })).toThrow(problem);
  });
});

describe('stableUuid', () => {
  it('never changes: installed profiles depend on it', () => {
    expect(stableUuid('com.example.enrolment')).toBe('CBBD80CF-81EF-83AD-9309-BB7B0362CF8B');
  });
});
